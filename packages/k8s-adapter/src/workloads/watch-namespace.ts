import type { CallOptions, ClusterChange, Logger, WorkloadKey, WorkloadKind } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { joinSignals } from '../connection/time-limit.ts';
import { controllerOf, type KubernetesObject } from '../objects/kubernetes-object.ts';
import type { PodObject } from '../objects/pod-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';
import { Handoff } from '../watch/handoff.ts';
import { type ResourceChange, watchResource } from '../watch/watch-resource.ts';
import { ReplicaSetOwners } from './replica-set-owners.ts';
import { workloadResources } from './workload-resources.ts';

/** Options of {@link watchNamespace}. */
export interface WatchNamespaceOptions extends CallOptions {
  readonly logger?: Logger | undefined;
}

/** What is there by name, then what changes, as a resolver tells it: five watches in one. */
export async function* watchNamespace(
  connection: KubernetesConnection,
  namespace: string,
  options: WatchNamespaceOptions,
): AsyncGenerator<ClusterChange, void, undefined> {
  if (options.signal?.aborted) return;
  const stop = new AbortController();
  using life = joinSignals(options.signal, stop.signal);
  const handoff = new Handoff<ClusterChange>();
  const watch = new NamespaceWatch(connection, namespace, { ...options, signal: life.signal }, handoff);
  const ended = watch.run().then(
    () => handoff.end(),
    (error) => handoff.end(life.signal.aborted ? undefined : error),
  );
  try {
    for await (const change of handoff) {
      if (life.signal.aborted) return;
      yield change;
    }
  } finally {
    stop.abort();
    await ended;
  }
}

class NamespaceWatch {
  readonly #connection: KubernetesConnection;
  readonly #namespace: string;
  readonly #options: WatchNamespaceOptions;
  readonly #handoff: Handoff<ClusterChange>;
  readonly #owners: ReplicaSetOwners;
  /** Workloads whose pods were told while everything was listed; once is enough. */
  readonly #listed = new Set<string>();

  constructor(
    connection: KubernetesConnection,
    namespace: string,
    options: WatchNamespaceOptions,
    handoff: Handoff<ClusterChange>,
  ) {
    this.#connection = connection;
    this.#namespace = namespace;
    this.#options = options;
    this.#handoff = handoff;
    this.#owners = new ReplicaSetOwners(connection, namespace);
  }

  async run(): Promise<void> {
    // Pods are read when it is known which ReplicaSets belong to whom, so that nobody has to be asked.
    let onSetsKnown = (): void => {};
    const setsKnown = new Promise<void>((resolve) => {
      onSetsKnown = resolve;
    });
    await Promise.all([
      this.#watchWorkloads('Deployment'),
      this.#watchWorkloads('StatefulSet'),
      this.#watchWorkloads('ReplicaSet', onSetsKnown),
      this.#watchServices(),
      setsKnown.then(() => this.#watchPods()),
    ]);
  }

  async #watchWorkloads(kind: WorkloadKind, onSynced?: () => void): Promise<void> {
    for await (const change of this.#changes<WorkloadObject>(workloadResources[kind])) {
      if (change.type === 'synced') onSynced?.();
      else if (kind === 'ReplicaSet' && this.#owners.note(change.object)) continue;
      else if (isNews(change)) {
        const workload = { namespace: this.#namespace, kind, name: change.object.metadata.name ?? '' };
        await this.#handoff.give({ kind: 'workload', workload });
      }
    }
    // An aborted watch ends without having synced.
    onSynced?.();
  }

  async #watchServices(): Promise<void> {
    for await (const change of this.#changes<KubernetesObject>(apiResources.services)) {
      if (change.type === 'synced') continue;
      await this.#handoff.give({
        kind: 'service',
        namespace: this.#namespace,
        name: change.object.metadata.name ?? '',
      });
    }
  }

  async #watchPods(): Promise<void> {
    let isListing = true;
    for await (const change of this.#changes<PodObject>(apiResources.pods)) {
      if (change.type === 'synced') {
        isListing = false;
        this.#listed.clear();
        continue;
      }
      // A pod that was let go of is news for whom it belonged to.
      const before = change.type === 'stored' && change.before ? await this.#ownerOf(change.before) : undefined;
      const after = await this.#ownerOf(change.object);
      if (after) await this.#tellPods(after, isListing);
      if (before && before.name !== after?.name) await this.#tellPods(before, isListing);
    }
  }

  async #tellPods(workload: WorkloadKey, isListing: boolean): Promise<void> {
    const id = `${workload.kind}/${workload.name}`;
    if (isListing && this.#listed.has(id)) return;
    if (isListing) this.#listed.add(id);
    await this.#handoff.give({ kind: 'pods', workload });
  }

  async #ownerOf(pod: PodObject): Promise<WorkloadKey | undefined> {
    const owner = controllerOf(pod);
    if (owner?.kind === 'StatefulSet') return { namespace: this.#namespace, kind: 'StatefulSet', name: owner.name };
    if (owner?.kind !== 'ReplicaSet') return undefined;
    return await this.#owners.workloadOf(owner, this.#options);
  }

  #changes<T extends KubernetesObject>(
    resource: Parameters<typeof watchResource>[1],
  ): AsyncGenerator<ResourceChange<T>, void, undefined> {
    const watching = { ...this.#options, namespace: this.#namespace, remembers: 'metadata' } as const;
    return watchResource<T>(this.#connection, resource, watching);
  }
}

/** Status and bookkeeping of controllers change all the time; what Fairlead reads of a workload does not. */
function isNews(change: Exclude<ResourceChange<WorkloadObject>, { type: 'synced' }>): boolean {
  if (change.type === 'deleted' || !change.before) return true;
  const facts = ({ metadata }: WorkloadObject): string =>
    JSON.stringify([metadata.generation, metadata.labels, metadata.annotations, metadata.deletionTimestamp]);
  return facts(change.before) !== facts(change.object);
}
