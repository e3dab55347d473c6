import type {
  CallOptions,
  DeleteInterceptOptions,
  InterceptChange,
  InterceptDraft,
  InterceptRecord,
  InterceptRegistry,
  InterceptStatus,
} from '@fairlead/core';
import type { Caller } from './caller.ts';

/** The registry of a cluster that runs in another process. */
export class RemoteInterceptRegistry implements InterceptRegistry {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async create(draft: InterceptDraft, options?: CallOptions): Promise<InterceptRecord> {
    return (await this.#caller.call('registry.create', draft, options)) as InterceptRecord;
  }

  async read(namespace: string, name: string, options?: CallOptions): Promise<InterceptRecord | undefined> {
    return (await this.#caller.call('registry.read', { namespace, name }, options)) as InterceptRecord | undefined;
  }

  async list(namespace: string, options?: CallOptions): Promise<readonly InterceptRecord[]> {
    return (await this.#caller.call('registry.list', { namespace }, options)) as readonly InterceptRecord[];
  }

  async updateStatus(
    { namespace, name }: Pick<InterceptRecord, 'namespace' | 'name'>,
    status: InterceptStatus,
    expected: string,
    options?: CallOptions,
  ): Promise<InterceptRecord> {
    const args = { namespace, name, status, expected };
    return (await this.#caller.call('registry.updateStatus', args, options)) as InterceptRecord;
  }

  async delete(namespace: string, name: string, options: DeleteInterceptOptions = {}): Promise<void> {
    const { expected, ...call } = options;
    await this.#caller.call('registry.delete', { namespace, name, expected }, call);
  }

  watch(namespace: string, options?: CallOptions): AsyncIterable<InterceptChange> {
    return this.#caller.stream('registry.watch', { namespace }, options) as AsyncIterable<InterceptChange>;
  }
}
