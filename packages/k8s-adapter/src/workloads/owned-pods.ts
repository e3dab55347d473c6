import type { CallOptions, WorkloadKey } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import { controllerOf } from '../objects/kubernetes-object.ts';
import type { PodObject } from '../objects/pod-object.ts';
import { formatSelector, type WorkloadObject } from '../objects/workload-object.ts';
import { workloadResources } from './workload-resources.ts';

/**
 * The pods that a workload owns, oldest first. Labels only narrow the search: a pod whose labels fit but which somebody
 * else controls, or nobody, is not among them.
 */
export async function ownedPods(
  connection: KubernetesConnection,
  key: WorkloadKey,
  options: CallOptions = {},
): Promise<readonly PodObject[]> {
  const { namespace, name } = key;
  const workloads = new ObjectClient<WorkloadObject>(connection, workloadResources[key.kind]);
  const workload = await workloads.read({ namespace, name }, options);
  if (!workload) return [];
  const selection = { ...options, labelSelector: formatSelector(workload.spec?.selector) };
  const owners = new Set([workload.metadata.uid]);
  const pods = new ObjectClient<PodObject>(connection, apiResources.pods).list(namespace, selection);
  if (key.kind === 'Deployment') {
    const sets = new ObjectClient<WorkloadObject>(connection, apiResources.replicaSets).list(namespace, selection);
    const [{ items }] = await Promise.all([sets, pods]);
    for (const set of items) if (controllerOf(set)?.uid === workload.metadata.uid) owners.add(set.metadata.uid);
  }
  const { items } = await pods;
  return items.filter((pod) => owners.has(controllerOf(pod)?.uid)).sort(byAge);
}

function byAge(a: PodObject, b: PodObject): number {
  const age = ({ metadata }: PodObject): string => `${metadata.creationTimestamp} ${metadata.name}`;
  return age(a) < age(b) ? -1 : 1;
}
