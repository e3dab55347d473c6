import type { CallOptions } from '@fairlead/core';
import type { KubernetesConnection } from '@fairlead/k8s-adapter';
import { type InstallOptions, installDefaults } from '../install-options.ts';
import { InstallationObjects, type OwnedObject } from './installation-objects.ts';
import type { InstallerOptions } from './installer-options.ts';
import { ManagerHealth } from './manager-health.ts';
import { type ManagerObject, readManager, refuseForeign } from './present-installation.ts';
import { runHook } from './run-hook.ts';
import { waitUntil, withTimeLimit } from './wait-until.ts';

const uninstallMs = 900_000;

/** Options of {@link uninstall}. */
export interface UninstallOptions extends InstallerOptions {
  /** Default `fairlead`. */
  readonly namespace?: string | undefined;
  /** Delete the installation without freeing pods of their agents, which then only pass traffic on. Default false. */
  readonly force?: boolean | undefined;
}

/** What {@link uninstall} did. */
export interface Uninstalled {
  readonly namespace: string;
  /** Objects that were deleted. 0: nothing was installed. */
  readonly objects: number;
}

/**
 * Takes Fairlead away: pods get rid of their agents without losing a request, then everything is deleted that was installed;
 * resolves when it is gone. Where nothing is installed, nothing is done. Fails with `conflict` where the installation is
 * another namespace's or Helm's, with `rollout-failed` when pods cannot be freed, with `forbidden` or `timeout`; it can be
 * repeated then.
 */
export async function uninstall(
  connection: KubernetesConnection,
  options: UninstallOptions = {},
): Promise<Uninstalled> {
  const { namespace = installDefaults.namespace, force = false, onProgress } = options;
  using limit = withTimeLimit(connection.clock, options.timeoutMs ?? uninstallMs, 'the uninstallation', options.signal);
  const calling: CallOptions = { signal: limit.signal };
  const objects = new InstallationObjects(connection);
  await refuseForeign(objects, namespace, calling);
  const manager = await readManager(objects, namespace, calling);
  if (manager && !force) {
    onProgress?.({ stage: 'hook', done: 0, total: 0 });
    await runHook('uninstall', hookOptions(namespace, manager), { connection, objects }, calling);
  }
  const owned = await objects.owned(calling);
  for (const [done, one] of owned.entries()) {
    onProgress?.({ stage: 'deleting', done, total: owned.length });
    await objects.delete(one, calling);
  }
  for (const one of owned) await untilGone(connection, objects, one, calling);
  await new ManagerHealth(connection, objects, namespace).untilGone(calling);
  return { namespace, objects: owned.length };
}

async function untilGone(
  connection: KubernetesConnection,
  objects: InstallationObjects,
  one: OwnedObject,
  calling: CallOptions,
): Promise<void> {
  await waitUntil(connection.clock, async () => ((await objects.has(one, calling)) ? undefined : true), calling);
}

/** A Job that starts where the traffic-manager did. */
function hookOptions(namespace: string, { spec }: ManagerObject): InstallOptions {
  const { containers = [], imagePullSecrets = [], nodeSelector, tolerations } = spec?.template?.spec ?? {};
  const { image, imagePullPolicy } = containers[0] ?? {};
  return {
    namespace,
    imagePullSecrets: imagePullSecrets.map(({ name }) => name),
    ...(image !== undefined && { image }),
    ...(imagePullPolicy !== undefined && { imagePullPolicy: imagePullPolicy as 'Always' | 'IfNotPresent' | 'Never' }),
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
  };
}
