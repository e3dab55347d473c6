import { type CallOptions, FairleadError, formatWorkload, type Pod, type Workload } from '@fairlead/core';
import { ObjectClient } from '../connection/object-client.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';
import { workloadResources } from '../workloads/workload-resources.ts';
import { pollUntil } from './poll-until.ts';
import type { RolloutContext } from './rollout-context.ts';

/** The annotation by which kubectl restarts workloads; tools know it. */
const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt';

/**
 * Restarts the workload as `kubectl rollout restart` does, by an annotation on its template: the one strategy that edits
 * the workload. Resolves when all of its pods are of the new revision and ready. When none of the given pods is there any
 * more, nothing is to be done.
 */
export async function restartWorkload(
  context: RolloutContext,
  workload: Workload,
  pods: readonly Pod[],
  options: CallOptions & { readonly onProgress?: (done: number, total: number) => void },
): Promise<void> {
  const { clock, connection, times } = context;
  const { namespace, name, kind } = workload;
  const objects = new ObjectClient<WorkloadObject>(connection, workloadResources[kind]);
  const calling: CallOptions = options.signal ? { signal: options.signal } : {};
  const leftOf = async (): Promise<number> => {
    const { items } = await context.pods.list(namespace, calling);
    return pods.filter((pod) => items.some(({ metadata }) => metadata.uid === pod.uid)).length;
  };
  let done = pods.length - (await leftOf());
  if (done === pods.length) return;
  const annotations = { [restartedAtAnnotation]: new Date(clock.now()).toISOString() };
  await objects.patch({ namespace, name }, 'merge', { spec: { template: { metadata: { annotations } } } }, calling);
  const ask = async (): Promise<true | undefined> => {
    const object = await objects.read({ namespace, name }, calling);
    const left = await leftOf();
    for (; done < pods.length - left && !options.signal?.aborted; done++) options.onProgress?.(done + 1, pods.length);
    return left === 0 && object && isRolledOut(object) ? true : undefined;
  };
  const timeoutMs = times.readyTimeoutMs * Math.max(1, pods.length);
  const isDone = await pollUntil(ask, { ...calling, clock, everyMs: times.pollMs, timeoutMs });
  if (isDone) return;
  throw new FairleadError('rollout-failed', `${formatWorkload(workload)} was restarted, but is not done yet`, {
    phase: 'rollout',
    hint: `See kubectl -n ${namespace} rollout status ${formatWorkload(workload)}; undo it with kubectl rollout undo.`,
  });
}

function isRolledOut({ metadata, spec, status }: WorkloadObject): boolean {
  const replicas = spec?.replicas ?? 1;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return isSeen && (status?.updatedReplicas ?? 0) >= replicas && (status?.readyReplicas ?? 0) >= replicas;
}
