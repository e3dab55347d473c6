import type {
  AgentConfig,
  AgentConfigStore,
  CallOptions,
  ConfigChange,
  StoredConfig,
  WorkloadKey,
} from '@fairlead/core';
import type { Caller } from './caller.ts';

/** The agent configs of a cluster that runs in another process. */
export class RemoteAgentConfigStore implements AgentConfigStore {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async read({ namespace, kind, name }: WorkloadKey, options?: CallOptions): Promise<StoredConfig | undefined> {
    return (await this.#caller.call('store.read', { namespace, kind, name }, options)) as StoredConfig | undefined;
  }

  async list(namespace: string, options?: CallOptions): Promise<readonly StoredConfig[]> {
    return (await this.#caller.call('store.list', { namespace }, options)) as readonly StoredConfig[];
  }

  async write(
    { namespace, kind, name }: WorkloadKey,
    config: AgentConfig,
    expected?: string,
    options?: CallOptions,
  ): Promise<StoredConfig> {
    const args = { key: { namespace, kind, name }, config, expected };
    return (await this.#caller.call('store.write', args, options)) as StoredConfig;
  }

  async delete({ namespace, kind, name }: WorkloadKey, expected?: string, options?: CallOptions): Promise<void> {
    await this.#caller.call('store.delete', { key: { namespace, kind, name }, expected }, options);
  }

  watch(namespace: string, options?: CallOptions): AsyncIterable<ConfigChange> {
    return this.#caller.stream('store.watch', { namespace }, options) as AsyncIterable<ConfigChange>;
  }
}
