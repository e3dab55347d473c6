import { configHashAnnotation, type Pod, type Workload } from '@fairlead/core';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';
import { readPod } from '../workloads/read-pod.ts';
import { readWorkload } from '../workloads/read-workload.ts';
import { controlledBy, stores } from './cluster-objects.ts';
import { type ConnectedServer, connectMemory } from './connect-memory.ts';
import type { StoredObject } from './object-store.ts';
import { PodControllers, servingStatus } from './pod-controllers.ts';

/** A namespace `shop` with the workload `cart`, a Service over it, and controllers that keep its pods. */
export interface Shop extends AsyncDisposable, Pick<ConnectedServer, 'server' | 'connection'> {
  readonly workload: Workload;
  readonly controllers: PodControllers;
  /** The pods that the workload owns. */
  pods(): readonly Pod[];
  /** Every pod of the namespace, released ones included, as it is stored. */
  objects(): readonly (StoredObject & PodObject)[];
  /** The workload object, with its generation. */
  spec(): unknown;
  /** The addresses behind the Service. */
  addresses(): readonly string[];
  wantHash(hash: string): void;
  /** Pods made from now on do not get ready: their image cannot be pulled. */
  breakNewPods(): void;
  /** From now on no pods are made: a quota is used up. */
  refuseNewPods(): void;
}

/** Options of {@link openShop}. */
export interface ShopOptions {
  /** Default `Deployment`. */
  readonly kind?: 'Deployment' | 'StatefulSet' | 'ReplicaSet';
  /** Default 3. */
  readonly replicas?: number;
  /** More of the workload's spec. */
  readonly spec?: WorkloadObject['spec'];
}

const namespace = 'shop';
const labels = { app: 'cart' };

/** Builds the shop and waits until its pods serve. */
export async function openShop({ kind = 'Deployment', replicas = 3, spec }: ShopOptions = {}): Promise<Shop> {
  const { server, connection, ...made } = await connectMemory();
  const { store } = server;
  const controllers = new PodControllers(store);
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app' }] } };
  const selector = { matchLabels: labels };
  const metadata = { name: 'cart', namespace };
  store.add(stores.Service, { metadata, spec: { selector: labels } } as StoredObject);
  const object = store.add(stores[kind], { metadata, spec: { replicas, selector, template, ...spec } } as StoredObject);
  if (kind === 'Deployment') addReplicaSet(object as StoredObject & WorkloadObject);

  function addReplicaSet(owner: StoredObject & WorkloadObject): void {
    const hashed = { ...labels, 'pod-template-hash': '7d4b9' };
    store.add(stores.ReplicaSet, {
      metadata: { name: 'cart-7d4b9', namespace, labels: hashed, ownerReferences: [controlledBy('Deployment', owner)] },
      spec: {
        ...owner.spec,
        selector: { matchLabels: hashed },
        template: { ...template, metadata: { labels: hashed } },
      },
    } as KubernetesObject);
  }

  const objects = (): readonly (StoredObject & PodObject)[] => store.all(stores.Pod) as never;
  const shop: Shop = {
    server,
    connection,
    controllers,
    workload: readWorkload(kind, object as StoredObject & WorkloadObject),
    objects,
    pods: () =>
      objects()
        .filter(({ metadata }) => metadata.ownerReferences?.length)
        .map((pod) => readPod(pod)),
    spec: () => store.get(stores[kind], namespace, 'cart'),
    addresses: () => {
      const found = store.get('v1/endpoints', namespace, 'cart') as { subsets?: { addresses: { ip: string }[] }[] };
      return (found?.subsets?.[0]?.addresses ?? []).map(({ ip }) => ip);
    },
    wantHash: (hash) => {
      controllers.policy = { ...controllers.policy, annotations: { [configHashAnnotation]: hash } };
    },
    breakNewPods: () => {
      const waiting = { reason: 'InvalidImageName', message: 'couldn’t parse image name' };
      controllers.policy = {
        ...controllers.policy,
        status: { phase: 'Pending', containerStatuses: [{ name: 'app', state: { waiting } }] },
      };
    },
    refuseNewPods: () => {
      const refusal =
        'pods "cart" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3';
      controllers.policy = { ...controllers.policy, refusal };
    },
    async [Symbol.asyncDispose]() {
      controllers[Symbol.dispose]();
      await made[Symbol.asyncDispose]();
    },
  };
  controllers.policy = { annotations: {}, status: servingStatus };
  while (objects().filter(isServing).length < replicas) await new Promise((resolve) => setImmediate(resolve));
  return shop;
}
