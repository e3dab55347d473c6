import {
  type CallOptions,
  FairleadError,
  type Workload,
  type WorkloadKind,
  type WorkloadResolver,
} from '@fairlead/core';
import { controllerOf, type KubernetesObject, type ObjectClient } from '@fairlead/k8s-adapter';
import type { AdmittedPod } from '@fairlead/webhook/server';

/** What {@link ownerWorkload} asks. */
export interface OwnerWorkloadParts {
  readonly resolver: Pick<WorkloadResolver, 'find'>;
  readonly replicaSets: Pick<ObjectClient<KubernetesObject>, 'read'>;
}

/**
 * The workload at the end of a pod's controllers, by its owner references, for the pod itself is not there yet. Undefined
 * when it is of no supported kind, or gone.
 */
export async function ownerWorkload(
  pod: AdmittedPod,
  namespace: string,
  { resolver, replicaSets }: OwnerWorkloadParts,
  options: CallOptions,
): Promise<Workload | undefined> {
  const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
  const find = async (kind: WorkloadKind, name: string): Promise<Workload | undefined> =>
    await resolver.find({ namespace, kind, name }, options).catch(absent);
  if (controller?.kind === 'StatefulSet') return await find('StatefulSet', controller.name);
  if (controller?.kind !== 'ReplicaSet') return undefined;
  const set = await replicaSets.read({ namespace, name: controller.name }, options);
  if (set?.metadata.uid !== controller.uid) return undefined;
  const above = controllerOf(set);
  if (!above) return await find('ReplicaSet', controller.name);
  return above.kind === 'Deployment' ? await find('Deployment', above.name) : undefined;
}

function absent(error: unknown): undefined {
  if (error instanceof FairleadError && error.code === 'workload-not-found') return undefined;
  throw error;
}
