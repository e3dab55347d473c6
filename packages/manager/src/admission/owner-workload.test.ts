import { FairleadError, type Workload, type WorkloadRef } from '@fairlead/core';
import type { KubernetesObject, OwnerReference } from '@fairlead/k8s-adapter';
import type { AdmittedPod } from '@fairlead/webhook/server';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { ownerWorkload } from './owner-workload.ts';

const namespace = 'shop';
const owner = (kind: string, name: string): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind,
  name,
  uid: `uid-of-${name}`,
  controller: true,
});
const set = (name: string, ...ownerReferences: readonly OwnerReference[]): KubernetesObject => ({
  metadata: { namespace, name, uid: `uid-of-${name}`, ownerReferences },
});
const replicaSets = new MemoryObjects<KubernetesObject>(
  set('cart-5d4', owner('Deployment', 'cart')),
  set('lone'),
  set('rolled', owner('Rollout', 'rolled')),
  set('orphan-1', owner('Deployment', 'gone')),
);
const find = async ({ kind, name }: WorkloadRef): Promise<Workload> => {
  if (name === 'gone') throw new FairleadError('workload-not-found', 'no such workload');
  return { namespace, kind, name } as Workload;
};

const workloadOf = async (controller: OwnerReference): Promise<string | undefined> => {
  const pod = { metadata: { ownerReferences: [controller] }, spec: { containers: [] } } as AdmittedPod;
  const workload = await ownerWorkload(pod, namespace, { resolver: { find }, replicaSets }, {});
  return workload && `${workload.kind}/${workload.name}`;
};

describe('the workload of a pod that is not there yet', () => {
  it('stands at the end of its controllers', async () => {
    expect(await workloadOf(owner('ReplicaSet', 'cart-5d4'))).toBe('Deployment/cart');
    expect(await workloadOf(owner('ReplicaSet', 'lone'))).toBe('ReplicaSet/lone');
    expect(await workloadOf(owner('StatefulSet', 'db'))).toBe('StatefulSet/db');
  });

  it.each([
    owner('Job', 'once'),
    owner('ReplicaSet', 'rolled'),
    owner('ReplicaSet', 'orphan-1'),
    owner('ReplicaSet', 'never-there'),
    { ...owner('ReplicaSet', 'cart-5d4'), uid: 'of-a-namesake' },
  ])('is none of ours for %j', async (controller) => {
    expect(await workloadOf(controller)).toBeUndefined();
  });
});
