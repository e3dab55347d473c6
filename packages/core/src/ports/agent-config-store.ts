import type { AgentConfig } from '../model/agent-config.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { CallOptions } from './call-options.ts';

/** Where agent configs live, one per workload. Revisions keep two writers from losing each other's work. */
export interface AgentConfigStore {
  /** The stored entry, or undefined when there is none. Sees every write that has returned. */
  read(key: WorkloadKey, options?: CallOptions): Promise<StoredConfig | undefined>;
  /** Every entry of a namespace, sorted by name and kind. */
  list(namespace: string, options?: CallOptions): Promise<readonly StoredConfig[]>;
  /**
   * Stores the config if the entry still has revision `expected` (undefined: does not exist), else fails with
   * `stale-write`. Fields that this version does not know are kept. Fails with `foreign-store` where another manager
   * owns the place.
   */
  write(key: WorkloadKey, config: AgentConfig, expected?: string, options?: CallOptions): Promise<StoredConfig>;
  /**
   * Deletes the entry if it still has revision `expected`, else fails with `stale-write`; without `expected` whatever is
   * there goes, and deleting what is not there succeeds. Fails with `foreign-store` as {@link write} does.
   */
  delete(key: WorkloadKey, expected?: string, options?: CallOptions): Promise<void>;
  /** The present entries, then every change, until the signal aborts (then it ends without an error). */
  watch(namespace: string, options?: CallOptions): AsyncIterable<ConfigChange>;
}

/** An entry with its revision. */
export interface StoredConfig {
  readonly key: WorkloadKey;
  readonly config: AgentConfig;
  /** Opaque; changes with each write. */
  readonly revision: string;
}

/** A change of the store. */
export type ConfigChange =
  | { readonly type: 'stored'; readonly entry: StoredConfig }
  | { readonly type: 'deleted'; readonly key: WorkloadKey };
