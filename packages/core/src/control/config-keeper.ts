import { FairleadError } from '../errors.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import { formatWorkload } from '../model/workload.ts';
import { isCurrent } from '../planning/is-current.ts';
import { mergeUnknownFields } from '../planning/merge-unknown-fields.ts';
import type { AgentConfigStore } from '../ports/agent-config-store.ts';
import { servingPods } from './observe-pods.ts';
import type { PortCalls } from './port-calls.ts';
import type { WorkloadView } from './workload-view.ts';

const maxAttempts = 5;
const maxKnownConfigs = 8;

/** Keeps the stored config of one workload right, and remembers what was there before a preparation. */
export class ConfigKeeper {
  readonly #view: WorkloadView;
  readonly #store: AgentConfigStore;
  readonly #calls: PortCalls;
  /** The newest configs by hash: agents of pods that are still to be replaced run with older ones. */
  readonly #known = new Map<string, AgentConfig>();
  /** What the unproven entry took the place of; undefined: there is no unproven entry. */
  #replaced: { readonly config: AgentConfig | undefined } | undefined;

  constructor(view: WorkloadView, store: AgentConfigStore, calls: PortCalls) {
    this.#view = view;
    this.#store = store;
    this.#calls = calls;
  }

  /** The config with which an agent of this hash runs; undefined when it is not known. */
  configOf(hash: string): AgentConfig | undefined {
    const stored = this.#view.entry?.config;
    if (stored?.hash === hash || stored?.manual) return stored;
    return this.#known.get(hash);
  }

  /**
   * Makes this the stored config, unless what is stored says the same or is manual. True: something was written. Until
   * {@link prove} it can be taken back.
   */
  async store(config: AgentConfig, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const { entry } = this.#view;
      if (entry && isCurrent(entry.config, config)) return false;
      try {
        await this.#write(entry ? mergeUnknownFields(entry.config, config) : config, signal);
        this.#replaced ??= { config: entry?.config };
        return true;
      } catch (error) {
        if (!isStale(error) || attempt === maxAttempts) throw error;
      }
      this.#view.markStale('entry');
      await this.#view.refresh(signal);
    }
  }

  /** The stored config works: there is nothing to take back. */
  prove(): void {
    this.#replaced = undefined;
  }

  /**
   * Puts back what was stored before a preparation that came to nothing: the config that was replaced, or none. True:
   * the store was changed. An entry that somebody changed since, that is manual or that serves ready pods, stays; so
   * does one that nothing replaced while `isInUse`.
   */
  async takeBack(isInUse: boolean, signal: AbortSignal): Promise<boolean> {
    const replaced = this.#replaced;
    const { entry, key, pods } = this.#view;
    this.#replaced = undefined;
    if (!entry || entry.config.manual) return false;
    const works = servingPods(pods).some((pod) => pod.configHash === entry.config.hash);
    if (replaced?.config === undefined && (isInUse || (!replaced && works))) return false;
    try {
      if (replaced?.config) await this.#write(replaced.config, signal);
      else await this.#delete(signal);
      return true;
    } catch (error) {
      if (isStale(error)) return false;
      this.#replaced = replaced;
      throw FairleadError.from(error, 'internal', `cannot take back the agent config of ${formatWorkload(key)}`);
    }
  }

  /** Deletes the entry, if it is still as last seen. True: it is gone. */
  async remove(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#delete(signal);
      return true;
    } catch (error) {
      if (isStale(error)) return false;
      throw error;
    }
  }

  async #write(config: AgentConfig, signal: AbortSignal): Promise<void> {
    const { entry, key } = this.#view;
    if (entry) this.#remember(entry.config);
    this.#view.entry = await this.#calls.make(`store the agent config of ${formatWorkload(key)}`, signal, (limited) =>
      this.#store.write(key, config, entry?.revision, { signal: limited }),
    );
  }

  async #delete(signal: AbortSignal): Promise<void> {
    const { entry, key } = this.#view;
    await this.#calls.make(`delete the agent config of ${formatWorkload(key)}`, signal, (limited) =>
      this.#store.delete(key, entry?.revision, { signal: limited }),
    );
    this.#view.entry = undefined;
  }

  #remember(config: AgentConfig): void {
    this.#known.delete(config.hash);
    this.#known.set(config.hash, config);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnownConfigs && oldest !== undefined) this.#known.delete(oldest);
  }
}

function isStale(error: unknown): boolean {
  return error instanceof FairleadError && error.code === 'stale-write';
}
