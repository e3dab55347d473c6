import { FairleadError } from '../errors.ts';
import { frozenCopy } from '../frozen-copy.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import { compareWorkloads, formatWorkload, sameWorkload, type WorkloadKey } from '../model/workload.ts';
import { mergeUnknownFields } from '../planning/merge-unknown-fields.ts';
import type { AgentConfigStore, ConfigChange, StoredConfig } from '../ports/agent-config-store.ts';
import type { CallOptions } from '../ports/call-options.ts';
import { ChangeFeed } from './change-feed.ts';

/** Keeps agent configs in memory. */
export class MemoryAgentConfigStore implements AgentConfigStore {
  readonly #feed: ChangeFeed<ConfigChange> = new ChangeFeed<ConfigChange>();
  readonly #foreign = new Set<string>();
  #entries: readonly StoredConfig[] = [];
  #writes = 0;

  async read(key: WorkloadKey, options: CallOptions = {}): Promise<StoredConfig | undefined> {
    options.signal?.throwIfAborted();
    return this.#find(key);
  }

  async list(namespace: string, options: CallOptions = {}): Promise<readonly StoredConfig[]> {
    options.signal?.throwIfAborted();
    return this.#of(namespace);
  }

  async write(
    key: WorkloadKey,
    config: AgentConfig,
    expected?: string,
    options: CallOptions = {},
  ): Promise<StoredConfig> {
    options.signal?.throwIfAborted();
    this.#checkOwner(key.namespace);
    const present = this.#find(key);
    checkRevision(key, present, expected);
    const { namespace, kind, name } = key;
    const entry = frozenCopy({
      key: { namespace, kind, name },
      config: present ? mergeUnknownFields(present.config, config) : config,
      revision: String(++this.#writes),
    });
    this.#entries = [...this.#without(key), entry].sort((a, b) => compareWorkloads(a.key, b.key));
    this.#feed.publish({ type: 'stored', entry });
    return entry;
  }

  async delete(key: WorkloadKey, expected?: string, options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#checkOwner(key.namespace);
    const present = this.#find(key);
    if (expected !== undefined) checkRevision(key, present, expected);
    if (!present) return;
    this.#entries = this.#without(key);
    this.#feed.publish({ type: 'deleted', key: present.key });
  }

  watch(namespace: string, options: CallOptions = {}): AsyncIterable<ConfigChange> {
    return this.#feed.subscribe({
      ...options,
      snapshot: this.#of(namespace).map((entry) => ({ type: 'stored', entry })),
      only: (change) => (change.type === 'stored' ? change.entry.key : change.key).namespace === namespace,
    });
  }

  /** Behaves from now on as if another manager owned the place in this namespace. */
  claimForAnother(namespace: string): void {
    this.#foreign.add(namespace);
  }

  #find(key: WorkloadKey): StoredConfig | undefined {
    return this.#entries.find((entry) => sameWorkload(entry.key, key));
  }

  #of(namespace: string): readonly StoredConfig[] {
    return this.#entries.filter((entry) => entry.key.namespace === namespace);
  }

  #without(key: WorkloadKey): readonly StoredConfig[] {
    return this.#entries.filter((entry) => !sameWorkload(entry.key, key));
  }

  #checkOwner(namespace: string): void {
    if (this.#foreign.has(namespace)) {
      throw new FairleadError(
        'foreign-store',
        `the agent configs of namespace ${namespace} belong to another manager`,
        {
          phase: 'store',
        },
      );
    }
  }
}

function checkRevision(key: WorkloadKey, present: StoredConfig | undefined, expected: string | undefined): void {
  if (present?.revision === expected) return;
  throw new FairleadError(
    'stale-write',
    `the agent config of ${formatWorkload(key)} is at revision ${present?.revision ?? 'none'}, not ${expected ?? 'none'}`,
    { phase: 'store' },
  );
}
