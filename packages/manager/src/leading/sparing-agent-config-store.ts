import type {
  AgentConfig,
  AgentConfigStore,
  CallOptions,
  ConfigChange,
  StoredConfig,
  WorkloadKey,
} from '@fairlead/core';
import type { UsedNamespaces } from './used-namespaces.ts';

/**
 * A store that is not asked for what cannot be there: pods come to be all over the cluster, and hardly any namespace has
 * agent configs. Where there may be some, every answer is of now.
 */
export class SparingAgentConfigStore implements AgentConfigStore {
  readonly #store: AgentConfigStore;
  readonly #namespaces: Pick<UsedNamespaces, 'mayHaveConfigs' | 'expectConfigs'>;

  constructor(store: AgentConfigStore, namespaces: Pick<UsedNamespaces, 'mayHaveConfigs' | 'expectConfigs'>) {
    this.#store = store;
    this.#namespaces = namespaces;
  }

  async read(key: WorkloadKey, options?: CallOptions): Promise<StoredConfig | undefined> {
    options?.signal?.throwIfAborted();
    return this.#namespaces.mayHaveConfigs(key.namespace) ? await this.#store.read(key, options) : undefined;
  }

  list(namespace: string, options?: CallOptions): Promise<readonly StoredConfig[]> {
    return this.#store.list(namespace, options);
  }

  async write(key: WorkloadKey, config: AgentConfig, expected?: string, options?: CallOptions): Promise<StoredConfig> {
    // Before: pods may be made the moment it is stored.
    this.#namespaces.expectConfigs(key.namespace);
    return await this.#store.write(key, config, expected, options);
  }

  delete(key: WorkloadKey, expected?: string, options?: CallOptions): Promise<void> {
    return this.#store.delete(key, expected, options);
  }

  watch(namespace: string, options?: CallOptions): AsyncIterable<ConfigChange> {
    return this.#store.watch(namespace, options);
  }
}
