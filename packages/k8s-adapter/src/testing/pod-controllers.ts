import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { controllerOf } from '../objects/kubernetes-object.ts';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import type { EndpointsObject, ServiceObject } from '../objects/service-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';
import { controlledBy, stores } from './cluster-objects.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

type StoredPod = StoredObject & PodObject;
type StoredWorkload = StoredObject & WorkloadObject;

/** What a kubelet and an injector would make of new pods. */
export interface PodPolicy {
  /** The annotations of new pods. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The status of new pods. */
  readonly status: PodObject['status'];
  /** No pods are made, for this reason; it becomes a `FailedCreate` event. */
  readonly refusal?: string | undefined;
}

/** The status of a pod that serves. */
export const servingStatus: PodObject['status'] = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
};

/**
 * Does in a store what the controllers of ReplicaSets, StatefulSets and endpoints do in a cluster: lets go of pods whose
 * labels do not fit, adopts those that fit, makes what is missing and deletes what is too much.
 */
export class PodControllers implements Disposable {
  policy: PodPolicy = { annotations: {}, status: servingStatus };
  readonly #store: ObjectStore;
  readonly #subscription: Disposable;
  #timer: NodeJS.Immediate | undefined;
  #addresses = 0;
  #names = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
    this.#subscription = store.subscribe(() => this.#schedule());
    this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    clearImmediate(this.#timer);
  }

  #schedule(): void {
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      for (const kind of ['ReplicaSet', 'StatefulSet'] as const) {
        for (const set of this.#store.all(stores[kind])) this.#reconcile(kind, set as StoredWorkload);
      }
      for (const service of this.#store.all(stores.Service)) this.#publish(service as StoredObject & ServiceObject);
    });
  }

  #reconcile(kind: 'ReplicaSet' | 'StatefulSet', set: StoredWorkload): void {
    const selector = Object.entries(set.spec?.selector?.matchLabels ?? {});
    const fits = (pod: PodObject): boolean => selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
    for (const pod of this.#pods(set)) {
      const owner = controllerOf(pod);
      if (owner?.uid === set.metadata.uid && !fits(pod)) this.#own(pod, []);
      if (!owner && fits(pod)) this.#own(pod, [controlledBy(kind, set)]);
    }
    const owned = this.#pods(set).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
    const wanted = set.spec?.replicas ?? 1;
    for (let at = owned.length; at < wanted; at++) this.#make(kind, set, owned);
    const surplus = [...owned].sort((a, b) => Number(isServing(a)) - Number(isServing(b)));
    for (const pod of surplus.slice(0, Math.max(0, owned.length - wanted))) this.#store.remove(stores.Pod, pod);
  }

  #pods(set: StoredWorkload): readonly StoredPod[] {
    const pods = this.#store.all(stores.Pod) as readonly StoredPod[];
    return pods.filter(({ metadata }) => metadata.namespace === set.metadata.namespace);
  }

  #own(pod: StoredPod, ownerReferences: PodObject['metadata']['ownerReferences']): void {
    const current = this.#store.get(stores.Pod, pod.metadata.namespace, pod.metadata.name) as StoredPod;
    const metadata = { ...current.metadata, ...(ownerReferences && { ownerReferences }) };
    this.#store.put(stores.Pod, current, { ...current, metadata });
  }

  #make(kind: 'ReplicaSet' | 'StatefulSet', set: StoredWorkload, owned: readonly StoredPod[]): void {
    const { annotations, status, refusal } = this.policy;
    if (refusal !== undefined) {
      this.#warn(set, refusal);
      return;
    }
    const ordinal = [0, 1, 2, 3, 4, 5].find(
      (at) =>
        !owned.some(({ metadata }) => metadata.name === `${set.metadata.name}-${at}`) &&
        !this.#store.get(stores.Pod, set.metadata.namespace, `${set.metadata.name}-${at}`),
    );
    const suffix = kind === 'StatefulSet' ? ordinal : `p${++this.#names}`;
    const podIP = `10.0.0.${++this.#addresses}`;
    this.#store.add(stores.Pod, {
      metadata: {
        name: `${set.metadata.name}-${suffix}`,
        ...(set.metadata.namespace !== undefined && { namespace: set.metadata.namespace }),
        labels: { ...set.spec?.template?.metadata?.labels },
        annotations,
        ownerReferences: [controlledBy(kind, set)],
      },
      spec: set.spec?.template?.spec,
      status: { ...status, podIP },
    } as KubernetesObject);
  }

  #warn(set: StoredWorkload, message: string): void {
    const name = `${set.metadata.name}.refused`;
    const found = this.#store.get('v1/events', set.metadata.namespace, name);
    if (found) return;
    this.#store.add('v1/events', {
      metadata: { name, ...(set.metadata.namespace !== undefined && { namespace: set.metadata.namespace }) },
      type: 'Warning',
      reason: 'FailedCreate',
      message,
      involvedObject: { uid: set.metadata.uid },
    } as KubernetesObject);
  }

  #publish(service: StoredObject & ServiceObject): void {
    const selector = Object.entries(service.spec?.selector ?? {});
    const { name, namespace } = service.metadata;
    const pods = (this.#store.all(stores.Pod) as readonly StoredPod[]).filter(
      (pod) =>
        pod.metadata.namespace === namespace &&
        isServing(pod) &&
        selector.length > 0 &&
        selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
    );
    const addresses = pods.map(({ status }) => ({ ip: status?.podIP ?? '' }));
    const object = { metadata: { name, ...(namespace !== undefined && { namespace }) }, subsets: [{ addresses }] };
    const found = this.#store.get('v1/endpoints', namespace, name) as (StoredObject & EndpointsObject) | undefined;
    if (found) this.#store.put('v1/endpoints', found, object);
    else this.#store.add('v1/endpoints', object);
  }
}
