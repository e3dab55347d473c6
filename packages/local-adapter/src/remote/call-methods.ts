import type {
  AgentConfig,
  AgentConfigStore,
  AgentImageSource,
  Diagnostics,
  DiagnosticsRequest,
  InterceptDraft,
  InterceptRegistry,
  InterceptStatus,
  WorkloadKey,
  WorkloadRef,
  WorkloadResolver,
} from '@fairlead/core';
import type { CallHandler } from '@fairlead/relay';

/** The ports that a running cluster lends to other processes of its user. */
export interface LentPorts {
  readonly namespace: string;
  readonly registry: InterceptRegistry;
  readonly store: AgentConfigStore;
  readonly resolver: WorkloadResolver;
  readonly imageSource: AgentImageSource;
  readonly diagnostics: Diagnostics;
}

/** In a namespace. */
interface Within {
  readonly namespace: string;
}

/** An object of a namespace. */
interface Named extends Within {
  readonly name: string;
}

/** The calls by which other processes use the ports of a running cluster. Their names are `port.method`. */
export function callMethods(ports: LentPorts): Readonly<Record<string, CallHandler>> {
  const { registry, store, resolver, imageSource, diagnostics } = ports;
  return {
    'cluster.namespace': async () => ports.namespace,
    'diagnostics.paths': async (args, { signal }) => {
      const sources = await diagnostics.sources(args as DiagnosticsRequest, { signal });
      return sources.map(({ path }) => path);
    },
    'diagnostics.read': async (args, { signal }) => {
      const { request, path, maxBytes } = args as { request: DiagnosticsRequest; path: string; maxBytes: number };
      const source = (await diagnostics.sources(request, { signal })).find((one) => one.path === path);
      return (await source?.read({ signal, maxBytes })) ?? '';
    },
    'image.preferred': (_, { signal }) => imageSource.preferred({ signal }),
    'registry.create': (args, { signal }) => registry.create(args as InterceptDraft, { signal }),
    'registry.read': (args, { signal }) => {
      const { namespace, name } = args as Named;
      return registry.read(namespace, name, { signal });
    },
    'registry.list': (args, { signal }) => registry.list((args as Within).namespace, { signal }),
    'registry.updateStatus': (args, { signal }) => {
      const { expected, status, ...record } = args as Named & { status: InterceptStatus; expected: string };
      return registry.updateStatus(record, status, expected, { signal });
    },
    'registry.delete': async (args, { signal }) => {
      const { namespace, name, expected } = args as Named & { expected?: string };
      await registry.delete(namespace, name, { signal, expected });
    },
    'registry.watch': (args, { signal }) => registry.watch((args as Within).namespace, { signal }),
    'store.read': (args, { signal }) => store.read(args as WorkloadKey, { signal }),
    'store.list': (args, { signal }) => store.list((args as Within).namespace, { signal }),
    'store.write': (args, { signal }) => {
      const { key, config, expected } = args as { key: WorkloadKey; config: AgentConfig; expected?: string };
      return store.write(key, config, expected, { signal });
    },
    'store.delete': async (args, { signal }) => {
      const { key, expected } = args as { key: WorkloadKey; expected?: string };
      await store.delete(key, expected, { signal });
    },
    'store.watch': (args, { signal }) => store.watch((args as Within).namespace, { signal }),
    'resolver.find': (args, { signal }) => resolver.find(args as WorkloadRef, { signal }),
    'resolver.list': (args, { signal }) => resolver.list((args as Within).namespace, { signal }),
    'resolver.services': (args, { signal }) => resolver.services((args as Within).namespace, { signal }),
    'resolver.pods': (args, { signal }) => resolver.pods(args as WorkloadKey, { signal }),
    'resolver.ownerOf': (args, { signal }) => resolver.ownerOf(args as Named, { signal }),
    'resolver.watch': (args, { signal }) => resolver.watch((args as Within).namespace, { signal }),
  };
}
