import type { CallOptions } from '@fairlead/core';
import type { ObjectClient } from '../connection/object-client.ts';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import { formatSelector } from '../objects/workload-object.ts';
import { problemOfStatus } from '../workloads/pod-problem.ts';

/** The label by which the manager's Service finds the replica that leads. */
const roleLabel = 'fairlead.dev/role';

/** Why no replica of the manager leads, in words: the trouble of its pods, if they have any. */
export async function whyNoLeader(
  pods: ObjectClient<PodObject>,
  namespace: string,
  selector: Readonly<Record<string, string>>,
  options: CallOptions,
): Promise<string> {
  const { [roleLabel]: _, ...matchLabels } = selector;
  const { items } = await pods.list(namespace, { ...options, labelSelector: formatSelector({ matchLabels }) });
  if (items.length === 0) return 'there is none; see why its Deployment makes none';
  for (const pod of items) {
    const problem = problemOfStatus(pod);
    if (problem) return `pod ${pod.metadata.name}: ${problem.cause}: ${problem.message}`;
  }
  const count = items.filter(isServing).length;
  return count > 0 ? 'its replicas have not agreed on one that leads yet' : 'its replicas are still starting';
}
