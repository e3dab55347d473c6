import {
  type AgentConfigStore,
  agentContainerName,
  type CallOptions,
  type DiagnosticSource,
  type Diagnostics,
  type DiagnosticsRequest,
  type InterceptRegistry,
  type WorkloadKey,
  type WorkloadResolver,
} from '@fairlead/core';
import type { LogLine } from '../processes/log-line.ts';

/** What {@link LocalDiagnostics} look through. */
export interface LocalDiagnosticsParts {
  readonly registry: InterceptRegistry;
  readonly store: AgentConfigStore;
  readonly resolver: WorkloadResolver;
  /** The lines kept of a pod's container. */
  readonly logs: (pod: { readonly namespace: string; readonly name: string }, container: string) => readonly LogLine[];
}

/** What an embedded cluster knows: pods, configs, intercepts, and the last lines of its agents. */
export class LocalDiagnostics implements Diagnostics {
  readonly #parts: LocalDiagnosticsParts;

  constructor(parts: LocalDiagnosticsParts) {
    this.#parts = parts;
  }

  async sources(
    { namespace, workloads }: DiagnosticsRequest,
    options: CallOptions = {},
  ): Promise<readonly DiagnosticSource[]> {
    options.signal?.throwIfAborted();
    const { registry, store, resolver, logs } = this.#parts;
    const all = await resolver.list(namespace, options);
    const podsOf = async (keys: readonly WorkloadKey[]) =>
      (await Promise.all(keys.map((key) => resolver.pods(key, options)))).flat();
    const injected = (await podsOf(workloads ?? all)).filter(({ configHash }) => configHash !== undefined);
    return [
      { path: 'pods.json', read: () => podsOf(all) },
      { path: 'agents/configs.json', read: (limits) => store.list(namespace, signalOf(limits)) },
      { path: 'intercepts.json', read: (limits) => registry.list(namespace, signalOf(limits)) },
      ...injected.map((pod) => ({
        path: `agents/${pod.name}.${agentContainerName}.log`,
        read: async () =>
          logs(pod, agentContainerName)
            .map(({ at, text }) => `${at} ${text}\n`)
            .join(''),
      })),
    ];
  }
}

function signalOf({ signal }: CallOptions): CallOptions {
  return signal ? { signal } : {};
}
