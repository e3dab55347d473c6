import type {
  CallOptions,
  ClusterChange,
  Pod,
  Service,
  Workload,
  WorkloadKey,
  WorkloadRef,
  WorkloadResolver,
} from '@fairlead/core';
import type { Caller } from './caller.ts';

/** The workloads of a cluster that runs in another process. */
export class RemoteWorkloadResolver implements WorkloadResolver {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async find({ namespace, name, kind }: WorkloadRef, options?: CallOptions): Promise<Workload> {
    return (await this.#caller.call('resolver.find', { namespace, name, kind }, options)) as Workload;
  }

  async list(namespace: string, options?: CallOptions): Promise<readonly Workload[]> {
    return (await this.#caller.call('resolver.list', { namespace }, options)) as readonly Workload[];
  }

  async services(namespace: string, options?: CallOptions): Promise<readonly Service[]> {
    return (await this.#caller.call('resolver.services', { namespace }, options)) as readonly Service[];
  }

  async pods({ namespace, kind, name }: WorkloadKey, options?: CallOptions): Promise<readonly Pod[]> {
    return (await this.#caller.call('resolver.pods', { namespace, kind, name }, options)) as readonly Pod[];
  }

  async ownerOf(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    options?: CallOptions,
  ): Promise<Workload | undefined> {
    return (await this.#caller.call('resolver.ownerOf', { namespace, name }, options)) as Workload | undefined;
  }

  watch(namespace: string, options?: CallOptions): AsyncIterable<ClusterChange> {
    return this.#caller.stream('resolver.watch', { namespace }, options) as AsyncIterable<ClusterChange>;
  }
}
