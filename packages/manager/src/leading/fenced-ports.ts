import type {
  AgentConfig,
  AgentConfigStore,
  CallOptions,
  DeleteInterceptOptions,
  InterceptDraft,
  InterceptRecord,
  InterceptRegistry,
  InterceptStatus,
  Pod,
  Rollout,
  RolloutOptions,
  StoredConfig,
  Workload,
  WorkloadKey,
} from '@fairlead/core';

/** Resolves when this replica surely leads; rejects otherwise. */
export type ConfirmLeadership = (options: CallOptions) => Promise<void>;

/** The registry of a replica that may have been cut off: it changes nothing before its leadership is confirmed. */
export class FencedInterceptRegistry implements InterceptRegistry {
  readonly #registry: InterceptRegistry;
  readonly #confirm: ConfirmLeadership;

  constructor(registry: InterceptRegistry, confirm: ConfirmLeadership) {
    this.#registry = registry;
    this.#confirm = confirm;
  }

  async create(draft: InterceptDraft, options: CallOptions = {}): Promise<InterceptRecord> {
    await this.#confirm(options);
    return await this.#registry.create(draft, options);
  }

  read(...args: Parameters<InterceptRegistry['read']>): ReturnType<InterceptRegistry['read']> {
    return this.#registry.read(...args);
  }

  list(...args: Parameters<InterceptRegistry['list']>): ReturnType<InterceptRegistry['list']> {
    return this.#registry.list(...args);
  }

  async updateStatus(
    record: Pick<InterceptRecord, 'namespace' | 'name'>,
    status: InterceptStatus,
    expected: string,
    options: CallOptions = {},
  ): Promise<InterceptRecord> {
    await this.#confirm(options);
    return await this.#registry.updateStatus(record, status, expected, options);
  }

  async delete(namespace: string, name: string, options: DeleteInterceptOptions = {}): Promise<void> {
    await this.#confirm(options);
    await this.#registry.delete(namespace, name, options);
  }

  watch(...args: Parameters<InterceptRegistry['watch']>): ReturnType<InterceptRegistry['watch']> {
    return this.#registry.watch(...args);
  }
}

/** The agent configs of a replica that may have been cut off: see {@link FencedInterceptRegistry}. */
export class FencedAgentConfigStore implements AgentConfigStore {
  readonly #store: AgentConfigStore;
  readonly #confirm: ConfirmLeadership;

  constructor(store: AgentConfigStore, confirm: ConfirmLeadership) {
    this.#store = store;
    this.#confirm = confirm;
  }

  read(...args: Parameters<AgentConfigStore['read']>): ReturnType<AgentConfigStore['read']> {
    return this.#store.read(...args);
  }

  list(...args: Parameters<AgentConfigStore['list']>): ReturnType<AgentConfigStore['list']> {
    return this.#store.list(...args);
  }

  async write(
    key: WorkloadKey,
    config: AgentConfig,
    expected?: string,
    options: CallOptions = {},
  ): Promise<StoredConfig> {
    await this.#confirm(options);
    return await this.#store.write(key, config, expected, options);
  }

  async delete(key: WorkloadKey, expected?: string, options: CallOptions = {}): Promise<void> {
    await this.#confirm(options);
    await this.#store.delete(key, expected, options);
  }

  watch(...args: Parameters<AgentConfigStore['watch']>): ReturnType<AgentConfigStore['watch']> {
    return this.#store.watch(...args);
  }
}

/** The rollouts of a replica that may have been cut off: see {@link FencedInterceptRegistry}. */
export class FencedRollout implements Rollout {
  readonly #rollout: Rollout;
  readonly #confirm: ConfirmLeadership;

  constructor(rollout: Rollout, confirm: ConfirmLeadership) {
    this.#rollout = rollout;
    this.#confirm = confirm;
  }

  strategyFor(...args: Parameters<Rollout['strategyFor']>): ReturnType<Rollout['strategyFor']> {
    return this.#rollout.strategyFor(...args);
  }

  async replace(workload: Workload, pods: readonly Pod[], options: RolloutOptions = {}): Promise<void> {
    const { signal } = options;
    await this.#confirm(signal ? { signal } : {});
    await this.#rollout.replace(workload, pods, options);
  }
}
