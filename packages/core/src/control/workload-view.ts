import { FairleadError } from '../errors.ts';
import type { Pod } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import { formatWorkload, type Workload, type WorkloadKey } from '../model/workload.ts';
import { podsToReplace } from '../planning/pods-to-replace.ts';
import type { AgentConfigStore, StoredConfig } from '../ports/agent-config-store.ts';
import type { WorkloadResolver } from '../ports/workload-resolver.ts';
import { servingPods } from './observe-pods.ts';
import type { PortCalls } from './port-calls.ts';

/** A part of what is known about a workload. */
export type ViewPart = 'workload' | 'services' | 'pods' | 'entry';

/** What a control plane knows about one workload. Read anew only where a change was told. */
export class WorkloadView {
  readonly key: WorkloadKey;
  readonly #resolver: WorkloadResolver;
  readonly #store: AgentConfigStore;
  readonly #calls: PortCalls;
  readonly #stale = new Set<ViewPart>(['workload', 'services', 'pods', 'entry']);
  #workload: Workload | undefined;
  #services: readonly Service[] = [];
  #pods: readonly Pod[] = [];
  /** The stored config. Set by whoever writes one, so that it need not be read again. */
  entry: StoredConfig | undefined;

  constructor(key: WorkloadKey, resolver: WorkloadResolver, store: AgentConfigStore, calls: PortCalls) {
    this.key = key;
    this.#resolver = resolver;
    this.#store = store;
    this.#calls = calls;
  }

  /** Undefined: it is not there. */
  get workload(): Workload | undefined {
    return this.#workload;
  }

  /** Every service of the namespace. */
  get services(): readonly Service[] {
    return this.#services;
  }

  /** Its pods, dying ones included, oldest first. */
  get pods(): readonly Pod[] {
    return this.#pods;
  }

  /** The pods whose agent is not what the stored config says; none for a manual one. */
  get outdatedPods(): readonly Pod[] {
    return this.entry?.config.manual ? [] : podsToReplace(this.entry?.config.hash, this.#pods);
  }

  /** Whether every pod that serves carries the stored config. */
  get isServedByCurrentPods(): boolean {
    return servingPods(this.#pods).every((pod) => pod.configHash === this.entry?.config.hash);
  }

  /** Has these parts read anew by the next {@link refresh}. */
  markStale(...parts: readonly ViewPart[]): void {
    for (const part of parts) this.#stale.add(part);
  }

  /** Reads what is stale; tells which parts that were. What could not be read stays stale. */
  async refresh(signal: AbortSignal): Promise<ReadonlySet<ViewPart>> {
    const parts = new Set(this.#stale);
    this.#stale.clear();
    try {
      await Promise.all([...parts].map((part) => this.#read(part, signal)));
    } catch (error) {
      this.markStale(...parts);
      throw error;
    }
    return parts;
  }

  async #read(part: ViewPart, signal: AbortSignal): Promise<void> {
    const read = <T>(what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      this.#calls.make(`read ${what} of ${formatWorkload(this.key)}`, signal, call);
    switch (part) {
      case 'workload':
        this.#workload = await read('the object', (limited) => this.#find(limited));
        break;
      case 'services':
        this.#services = await read('the services', (limited) =>
          this.#resolver.services(this.key.namespace, { signal: limited }),
        );
        break;
      case 'pods':
        this.#pods = await read('the pods', (limited) => this.#resolver.pods(this.key, { signal: limited }));
        break;
      case 'entry':
        this.entry = await read('the agent config', (limited) => this.#store.read(this.key, { signal: limited }));
        break;
    }
  }

  async #find(signal: AbortSignal): Promise<Workload | undefined> {
    try {
      return await this.#resolver.find(this.key, { signal });
    } catch (error) {
      if (error instanceof FairleadError && error.code === 'workload-not-found') return undefined;
      throw error;
    }
  }
}
