import type { Workload, WorkloadKey } from '@fairlead/core';
import { describeWorkloadResolver } from '@fairlead/core/conformance';
import {
  type apiResources,
  controllerOf,
  type KubernetesObject,
  KubernetesWorkloadResolver,
} from '@fairlead/k8s-adapter';
import { beforeAll, describe } from 'vitest';
import { serviceObject, workloadObject } from '../../packages/k8s-adapter/src/testing/cluster-objects.ts';
import { hasCluster, RealCluster } from './real-cluster.ts';

const resources = { Deployment: 'deployments', StatefulSet: 'statefulSets', ReplicaSet: 'replicaSets' } as const;
const everything = ['deployments', 'statefulSets', 'replicaSets', 'pods', 'services'] as const;

describe.runIf(hasCluster)('on a real API server', () => {
  beforeAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace('shop');
    await cluster.claimNamespace('bank');
  });

  describeWorkloadResolver('KubernetesWorkloadResolver', {
    create: async () => {
      const cluster = await RealCluster.connect();
      for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, ...everything);
      const hands = new Hands(cluster);
      return {
        resolver: new KubernetesWorkloadResolver(cluster.connection),
        applyWorkload: (workload) => hands.apply(resources[workload.kind], pausedObject(workload)),
        removeWorkload: ({ kind, namespace, name }) => hands.remove(resources[kind], namespace, name),
        applyService: (service) => hands.apply('services', serviceObject(service)),
        removeService: (namespace, name) => hands.remove('services', namespace, name),
        addPod: (key) => hands.addPod(key, `${key.name}-1`),
        removePod: (namespace, name) => hands.removePod(namespace, name),
        addOwnedReplicaSet: (name, owner) => hands.addPod(owner, name),
        addForeignPod: (namespace) => hands.addForeignPod(namespace),
        [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
      };
    },
  });
});

/** A paused Deployment makes no ReplicaSet by itself: it has the pods that a case gives it. */
function pausedObject(workload: Workload): KubernetesObject {
  const object = workloadObject(workload);
  return {
    ...object,
    spec: { ...object.spec, ...(workload.kind === 'Deployment' && { paused: true }) },
  } as KubernetesObject;
}

class Hands {
  readonly #cluster: RealCluster;

  constructor(cluster: RealCluster) {
    this.#cluster = cluster;
  }

  async apply(resource: keyof typeof apiResources, object: KubernetesObject): Promise<void> {
    const client = this.#cluster.objects(resource);
    const { namespace, name } = object.metadata;
    if (await client.read({ namespace, name })) await client.patch({ namespace, name }, 'merge', object);
    else await client.create(object);
  }

  async remove(resource: keyof typeof apiResources, namespace: string, name: string): Promise<void> {
    await this.#cluster.objects(resource).delete({ namespace, name });
    await this.#cluster.until(
      async () => !(await this.#cluster.objects(resource).read({ namespace, name })) || undefined,
    );
  }

  /** One more replica, in a ReplicaSet of this name that the Deployment owns. */
  async addPod({ namespace, name }: WorkloadKey, setName: string): Promise<string> {
    const deployments = this.#cluster.objects<KubernetesObject & { spec: Workload }>('deployments');
    const sets = this.#cluster.objects<KubernetesObject & { spec: { replicas: number } }>('replicaSets');
    const owner = await deployments.read({ namespace, name });
    const set = await sets.read({ namespace, name: setName });
    const before = await this.#podsOf(namespace, setName);
    const replicas = (set?.spec.replicas ?? 0) + 1;
    await deployments.patch({ namespace, name }, 'merge', { spec: { replicas } });
    if (!set) {
      const { uid = '' } = owner?.metadata ?? {};
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }];
      const labels = { app: name, 'pod-template-hash': 'test' };
      await sets.create({
        metadata: { name: setName, namespace, labels, ownerReferences },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: { ...owner?.spec.template, metadata: { labels } },
        },
      } as KubernetesObject);
    }
    return await this.#cluster.until(async () => {
      const pods = await this.#podsOf(namespace, setName);
      return pods.find((pod) => !before.includes(pod));
    });
  }

  /** The Deployment is scaled down, or its ReplicaSet would make another pod. */
  async removePod(namespace: string, pod: string): Promise<void> {
    await this.#cluster.objects('deployments').patch({ namespace, name: 'cart' }, 'merge', { spec: { replicas: 0 } });
    await this.#cluster.objects('replicaSets').patch({ namespace, name: 'cart-1' }, 'merge', { spec: { replicas: 0 } });
    await this.#cluster.until(
      async () => !(await this.#cluster.objects('pods').read({ namespace, name: pod })) || undefined,
    );
  }

  async addForeignPod(namespace: string): Promise<string> {
    await this.#cluster.objects('pods').create({
      metadata: { name: 'foreign', namespace, labels: { app: 'cart' } },
      spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
    } as KubernetesObject);
    return 'foreign';
  }

  async #podsOf(namespace: string, set: string): Promise<readonly string[]> {
    const { items } = await this.#cluster.objects('pods').list(namespace);
    return items.filter((pod) => controllerOf(pod)?.name === set).map(({ metadata }) => metadata.name ?? '');
  }
}
