import type { CallOptions } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import { ObjectClient } from '../connection/object-client.ts';
import { controllerOf, type OwnerReference } from '../objects/kubernetes-object.ts';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import { formatSelector, type WorkloadObject } from '../objects/workload-object.ts';
import type { RolloutContext } from './rollout-context.ts';

/** A controller and its pods at one moment. */
export interface ControllerView {
  readonly object: WorkloadObject;
  readonly pods: readonly PodObject[];
  /** It has as many serving pods as it wants. */
  readonly isWhole: boolean;
}

/** The ReplicaSet or StatefulSet that makes a pod's successor. */
export class PodController {
  readonly namespace: string;
  readonly reference: OwnerReference;
  readonly #context: RolloutContext;
  readonly #objects: ObjectClient<WorkloadObject>;

  constructor(context: RolloutContext, namespace: string, reference: OwnerReference) {
    this.namespace = namespace;
    this.reference = reference;
    this.#context = context;
    const resource = reference.kind === 'StatefulSet' ? apiResources.statefulSets : apiResources.replicaSets;
    this.#objects = new ObjectClient(context.connection, resource);
  }

  /** The controller of this pod, when it is of a kind that makes successors. */
  static of(context: RolloutContext, pod: PodObject): PodController | undefined {
    const owner = controllerOf(pod);
    const isKnown = owner?.kind === 'ReplicaSet' || owner?.kind === 'StatefulSet';
    return owner && isKnown ? new PodController(context, pod.metadata.namespace ?? '', owner) : undefined;
  }

  /** The object; undefined when it is gone, or another one has its name now. */
  async read(options: CallOptions): Promise<WorkloadObject | undefined> {
    const { namespace, reference } = this;
    const object = await this.#objects.read({ namespace, name: reference.name }, options);
    return object?.metadata.uid === reference.uid ? object : undefined;
  }

  /** The controller with the pods that it owns now. */
  async look(options: CallOptions): Promise<ControllerView | undefined> {
    const object = await this.read(options);
    if (!object) return undefined;
    const labelSelector = formatSelector(object.spec?.selector);
    const { items } = await this.#context.pods.list(this.namespace, { ...options, labelSelector });
    const pods = items.filter((pod) => controllerOf(pod)?.uid === this.reference.uid);
    const isWhole = pods.filter(isServing).length >= (object.spec?.replicas ?? 1);
    return { object, pods, isWhole };
  }
}
