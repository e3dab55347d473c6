import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesConnection } from '@fairlead/k8s-adapter';
import { installObjects } from '../install-objects.ts';
import { type InstallOptions, installDefaults } from '../install-options.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { parseInstallOptions } from '../parse-install-options.ts';
import { InstallationObjects } from './installation-objects.ts';
import type { Installed, InstallerOptions } from './installer-options.ts';
import { ManagerHealth } from './manager-health.ts';
import { readManager, refuseForeign } from './present-installation.ts';
import { remember, rememberedOptions } from './remembered-options.ts';
import { runHook } from './run-hook.ts';
import { withTimeLimit } from './wait-until.ts';

const installMs = 180_000;
const upgradeMs = 900_000;

/**
 * Installs Fairlead, and resolves when the traffic-manager is ready and the API server reaches the injector. Installing over
 * an installation of the same namespace makes it be as the options say; agents in pods stay as they are, see {@link upgrade}.
 *
 * Fails with `bad-request` before anything is done, with `conflict` where another installation is, with `forbidden`, with
 * `rollout-failed` and the cause when the traffic-manager does not start, or with `timeout`. What was applied stays, so that
 * the call can be repeated.
 */
export async function install(
  connection: KubernetesConnection,
  options: InstallOptions,
  calling: InstallerOptions = {},
): Promise<Installed> {
  parseInstallOptions(options);
  using limit = withTimeLimit(connection.clock, calling.timeoutMs ?? installMs, 'the installation', calling.signal);
  return await bringAbout(connection, options, { ...calling, signal: limit.signal });
}

/**
 * Changes an installation: options that are not given stay as they were. When the new traffic-manager is ready, it brings
 * agents in pods up to date, without losing a request. Fails as {@link install}, and with `not-found` where none is.
 */
export async function upgrade(
  connection: KubernetesConnection,
  options: InstallOptions,
  calling: InstallerOptions = {},
): Promise<Installed> {
  const { namespace = installDefaults.namespace } = options;
  parseInstallOptions(options);
  using limit = withTimeLimit(connection.clock, calling.timeoutMs ?? upgradeMs, 'the upgrade', calling.signal);
  const { signal } = limit;
  const objects = new InstallationObjects(connection);
  const manager = await readManager(objects, namespace, { signal });
  if (!manager) {
    throw new FairleadError('not-found', `there is no Fairlead in namespace ${namespace}`, {
      phase: 'input',
      hint: 'Run fairlead install, or name the namespace that it is in.',
    });
  }
  const wanted = { ...rememberedOptions(manager), ...options };
  const installed = await bringAbout(connection, wanted, { ...calling, signal });
  calling.onProgress?.({ stage: 'hook', done: 0, total: 0 });
  await runHook('upgrade', wanted, { connection, objects }, { signal });
  return installed;
}

async function bringAbout(
  connection: KubernetesConnection,
  options: InstallOptions,
  { signal, onProgress }: InstallerOptions & { readonly signal: AbortSignal },
): Promise<Installed> {
  const { namespace, namespaces, image } = parseInstallOptions(options);
  const objects = new InstallationObjects(connection);
  const calling = { signal };
  await refuseForeign(objects, namespace, calling);
  const wanted = installObjects(options).map((object) => remember(object, options));
  for (const [done, object] of wanted.entries()) {
    onProgress?.({ stage: 'applying', done, total: wanted.length });
    await objects.apply(object, calling);
  }
  await prune(objects, wanted, calling);
  onProgress?.({ stage: 'waiting', done: 0, total: 0 });
  const replicas = await new ManagerHealth(connection, objects, namespace).untilReady(calling);
  return { namespace, image, replicas, namespaces, objects: wanted.length };
}

/** Takes away what earlier options had and these have not, like rights in a namespace that is no longer served. */
async function prune(
  objects: InstallationObjects,
  wanted: readonly KubernetesObject[],
  calling: CallOptions,
): Promise<void> {
  const names = new Set(wanted.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`));
  for (const owned of await objects.owned(calling)) {
    const { kind } = owned.resource;
    const { namespace = '', name } = owned.object.metadata;
    // A namespace may hold what is not ours, and a Job is somebody's who waits for it.
    if (kind === 'Namespace' || kind === 'Job' || names.has(`${kind} ${namespace}/${name}`)) continue;
    if (owned.object.metadata.deletionTimestamp === undefined) await objects.delete(owned, calling);
  }
}
