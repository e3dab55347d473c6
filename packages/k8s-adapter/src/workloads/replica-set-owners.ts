import type { CallOptions, WorkloadKey } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import { controllerOf, type OwnerReference } from '../objects/kubernetes-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';

/** How many ReplicaSets are remembered. Deployments keep ten old ones each. */
const maxRemembered = 10_000;

/** Which workload the pods of a ReplicaSet belong to: the Deployment above it, or itself. */
export class ReplicaSetOwners {
  readonly #sets: ObjectClient<WorkloadObject>;
  readonly #namespace: string;
  /** By the uid of the set; a set that is gone stays, for its pods end after it. */
  readonly #owners = new Map<string, WorkloadKey | undefined>();

  constructor(connection: KubernetesConnection, namespace: string) {
    this.#sets = new ObjectClient(connection, apiResources.replicaSets);
    this.#namespace = namespace;
  }

  /** Remembers whose the set is. True: somebody controls it. */
  note(set: WorkloadObject): boolean {
    const { namespace = this.#namespace, uid = '', name = '' } = set.metadata;
    const owner = controllerOf(set);
    const above: WorkloadKey | undefined =
      owner?.kind === 'Deployment' ? { namespace, kind: 'Deployment', name: owner.name } : undefined;
    this.#owners.set(uid, owner ? above : { namespace, kind: 'ReplicaSet', name });
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > maxRemembered && oldest !== undefined) this.#owners.delete(oldest);
    return owner !== undefined;
  }

  /** The workload that the pods of this set belong to; undefined for controllers of an unknown kind. */
  async workloadOf(owner: OwnerReference, options: CallOptions): Promise<WorkloadKey | undefined> {
    if (!this.#owners.has(owner.uid)) {
      const set = await this.#sets.read({ namespace: this.#namespace, name: owner.name }, options);
      if (set) this.note(set);
    }
    return this.#owners.get(owner.uid);
  }
}
