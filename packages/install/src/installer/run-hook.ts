import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesObject as AnyObject, KubernetesConnection } from '@fairlead/k8s-adapter';
import { type HookName, hookJob } from '../hook-job.ts';
import type { InstallOptions } from '../install-options.ts';
import type { InstallationObjects } from './installation-objects.ts';
import { resourceOf } from './installed-kinds.ts';
import { waitUntil } from './wait-until.ts';

type JobObject = AnyObject & {
  readonly status?: {
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
};

type PodObject = AnyObject & {
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly state?: { readonly terminated?: { readonly message?: string } };
    }[];
  };
};

/** Runs a hook as Helm does: a Job in the cluster asks the traffic-manager. Fails with `rollout-failed` and what was said. */
export async function runHook(
  hook: HookName,
  options: InstallOptions,
  parts: { readonly connection: KubernetesConnection; readonly objects: InstallationObjects },
  calling: CallOptions,
): Promise<void> {
  const { connection, objects } = parts;
  const job = hookJob(hook, options);
  const jobs = objects.like<JobObject>(job);
  const remove = async (): Promise<void> => {
    const object = await jobs.read(job.metadata, calling);
    if (!object) return;
    const owned = { resource: resourceOf(job), object };
    await objects.delete(owned, calling);
    await waitUntil(connection.clock, async () => ((await objects.has(owned, calling)) ? undefined : true), calling);
  };
  await remove();
  await objects.apply(job, calling);
  const failure = await waitUntil(
    connection.clock,
    async () => {
      const { status } = (await jobs.read(job.metadata, calling)) ?? {};
      if (status?.succeeded) return { message: undefined };
      const failed = status?.conditions?.find(({ type, status: said }) => type === 'Failed' && said === 'True');
      return failed && { message: failed.message ?? 'failed' };
    },
    calling,
  );
  if (failure.message !== undefined)
    throw refused(hook, (await lastWords(job.metadata, objects, calling)) ?? failure.message);
  await remove();
}

/** What the Job's pods said before they ended. */
async function lastWords(
  { namespace, name }: { readonly namespace?: string; readonly name: string },
  objects: InstallationObjects,
  calling: CallOptions,
): Promise<string | undefined> {
  const pods = objects.like<PodObject>({ apiVersion: 'v1', kind: 'Pod' });
  const { items } = await pods.list(namespace, { ...calling, labelSelector: `job-name=${name}` });
  const said = items
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .map(({ state }) => state?.terminated?.message);
  return said
    .filter((message) => message)
    .at(-1)
    ?.trim()
    .split('\n')
    .at(-1);
}

function refused(hook: HookName, said: string): FairleadError {
  return new FairleadError('rollout-failed', `the ${hook} hook failed: ${said}`, {
    phase: 'release',
    hint:
      hook === 'uninstall'
        ? 'See the traffic-manager’s log, mend the cause and repeat; --force deletes the installation with agents left in pods.'
        : 'See the traffic-manager’s log, mend the cause and run fairlead upgrade again.',
  });
}
