import { FairleadError } from '../errors.ts';
import { frozenCopy } from '../frozen-copy.ts';
import type { Pod } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import {
  compareText,
  compareWorkloads,
  formatWorkload,
  type Workload,
  type WorkloadKey,
  type WorkloadRef,
  workloadKinds,
} from '../model/workload.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ClusterChange, WorkloadResolver } from '../ports/workload-resolver.ts';
import { ChangeFeed } from './change-feed.ts';

/** A cluster's workloads, services and pods as one sets them. */
export class MemoryWorkloadResolver implements WorkloadResolver {
  readonly #feed: ChangeFeed<ClusterChange> = new ChangeFeed<ClusterChange>();
  readonly #workloads = new Map<string, { readonly workload: Workload; readonly owner: WorkloadKey | undefined }>();
  readonly #services = new Map<string, Service>();
  readonly #pods = new Map<string, { readonly pod: Pod; readonly owner: WorkloadKey }>();
  /** The names of what each workload owns, so that those of one are not looked for among all. */
  readonly #ownedPods = new SetsByKey();
  readonly #ownedWorkloads = new SetsByKey();

  async find(ref: WorkloadRef, options: CallOptions = {}): Promise<Workload> {
    options.signal?.throwIfAborted();
    const { namespace, name } = ref;
    const found = (ref.kind === undefined ? workloadKinds : [ref.kind])
      .flatMap((kind) => this.#workloads.get(keyOf({ namespace, kind, name })) ?? [])
      .flatMap(({ workload, owner }) => (owner === undefined ? workload : []))
      .sort(compareWorkloads);
    const [only, ...others] = found;
    if (only && others.length === 0) return only;
    const candidates = found.map(formatWorkload);
    if (only) {
      throw new FairleadError('ambiguous-workload', `several workloads in ${ref.namespace} are called ${ref.name}`, {
        phase: 'plan',
        candidates,
      });
    }
    throw new FairleadError('workload-not-found', `there is no ${formatWorkload(ref)} in namespace ${ref.namespace}`, {
      phase: 'plan',
    });
  }

  async list(namespace: string, options: CallOptions = {}): Promise<readonly Workload[]> {
    options.signal?.throwIfAborted();
    return this.#listed(namespace);
  }

  async services(namespace: string, options: CallOptions = {}): Promise<readonly Service[]> {
    options.signal?.throwIfAborted();
    return [...this.#services.values()]
      .filter((service) => service.namespace === namespace)
      .sort((a, b) => compareText(a.name, b.name));
  }

  async pods(workload: WorkloadKey, options: CallOptions = {}): Promise<readonly Pod[]> {
    options.signal?.throwIfAborted();
    const key = keyOf(workload);
    // What has an owner itself has no pods: they count as the owner's.
    if (this.#workloads.get(key)?.owner) return [];
    return this.#podsBelow(key).sort((a, b) => compareText(a.createdAt, b.createdAt));
  }

  async ownerOf(
    pod: { readonly namespace: string; readonly name: string },
    options: CallOptions = {},
  ): Promise<Workload | undefined> {
    options.signal?.throwIfAborted();
    const owned = this.#pods.get(nameOf(pod));
    return owned && this.#workloads.get(keyOf(this.#root(owned.owner)))?.workload;
  }

  watch(namespace: string, options: CallOptions = {}): AsyncIterable<ClusterChange> {
    return this.#feed.subscribe({
      ...options,
      only: (change) => (change.kind === 'service' ? change : change.workload).namespace === namespace,
    });
  }

  /** Adds or replaces a workload. One with an owner is hidden from lists, and its pods count as the owner's. */
  applyWorkload(workload: Workload, owner?: WorkloadKey): void {
    const key = keyOf(workload);
    this.#disown(key);
    this.#workloads.set(key, { workload: frozenCopy(workload), owner });
    if (owner) this.#ownedWorkloads.add(keyOf(owner), key);
    this.#tell({ kind: 'workload', workload: identify(workload) });
  }

  /** Takes a workload away. Its pods stay, without an owner of a known kind, until they are removed. */
  removeWorkload(key: WorkloadKey): void {
    this.#disown(keyOf(key));
    if (this.#workloads.delete(keyOf(key))) this.#tell({ kind: 'workload', workload: identify(key) });
  }

  /** Adds or replaces a service. */
  applyService(service: Service): void {
    this.#services.set(nameOf(service), frozenCopy(service));
    this.#tell({ kind: 'service', namespace: service.namespace, name: service.name });
  }

  /** Takes a service away. */
  removeService(service: { readonly namespace: string; readonly name: string }): void {
    const { namespace, name } = service;
    if (this.#services.delete(nameOf(service))) this.#tell({ kind: 'service', namespace, name });
  }

  /** Adds or replaces a pod of the workload. */
  applyPod(pod: Pod, owner: WorkloadKey): void {
    const name = nameOf(pod);
    const before = this.#pods.get(name);
    if (before) this.#ownedPods.delete(keyOf(before.owner), name);
    this.#pods.set(name, { pod: frozenCopy(pod), owner: identify(owner) });
    this.#ownedPods.add(keyOf(owner), name);
    this.#tell({ kind: 'pods', workload: this.#root(owner) });
  }

  /** Takes a pod away. */
  removePod(pod: { readonly namespace: string; readonly name: string }): void {
    const owned = this.#pods.get(nameOf(pod));
    if (!owned) return;
    this.#pods.delete(nameOf(pod));
    this.#ownedPods.delete(keyOf(owned.owner), nameOf(pod));
    this.#tell({ kind: 'pods', workload: this.#root(owned.owner) });
  }

  #listed(namespace: string): readonly Workload[] {
    return [...this.#workloads.values()]
      .filter(({ workload, owner }) => workload.namespace === namespace && owner === undefined)
      .map(({ workload }) => workload)
      .sort(compareWorkloads);
  }

  #podsBelow(key: string): Pod[] {
    const own = this.#ownedPods.of(key).flatMap((name) => this.#pods.get(name)?.pod ?? []);
    return [...own, ...this.#ownedWorkloads.of(key).flatMap((child) => this.#podsBelow(child))];
  }

  #disown(key: string): void {
    const owner = this.#workloads.get(key)?.owner;
    if (owner) this.#ownedWorkloads.delete(keyOf(owner), key);
  }

  #root(key: WorkloadKey): WorkloadKey {
    const owner = this.#workloads.get(keyOf(key))?.owner;
    return owner ? this.#root(owner) : identify(key);
  }

  #tell(change: ClusterChange): void {
    this.#feed.publish(change);
  }
}

/** A set of names for each key; none where nothing was added. */
class SetsByKey {
  readonly #sets = new Map<string, Set<string>>();

  of(key: string): readonly string[] {
    return [...(this.#sets.get(key) ?? [])];
  }

  add(key: string, name: string): void {
    const present = this.#sets.get(key);
    if (present) present.add(name);
    else this.#sets.set(key, new Set([name]));
  }

  delete(key: string, name: string): void {
    const present = this.#sets.get(key);
    present?.delete(name);
    if (present?.size === 0) this.#sets.delete(key);
  }
}

function identify({ namespace, kind, name }: WorkloadKey): WorkloadKey {
  return { namespace, kind, name };
}

function keyOf(key: WorkloadKey): string {
  return `${key.namespace}/${key.kind}/${key.name}`;
}

function nameOf(named: { readonly namespace: string; readonly name: string }): string {
  return `${named.namespace}/${named.name}`;
}
