import type { ConfigChange } from '../ports/agent-config-store.ts';
import type { FleetEvent } from '../ports/agent-fleet.ts';
import type { InterceptChange } from '../ports/intercept-registry.ts';
import type { ClusterChange } from '../ports/workload-resolver.ts';
import type { ControlContext } from './control-context.ts';
import { keepWatching } from './keep-watching.ts';

/** Who hears of changes; and of gaps, after which all has to be looked at again. */
export interface SourceListener {
  onIntercept(change: InterceptChange): void;
  onConfig(change: ConfigChange): void;
  onCluster(change: ClusterChange): void;
  onFleet(event: FleetEvent): void;
  /** Intercepts of the namespace may have gone unnoticed. */
  onInterceptGap(namespace: string, signal: AbortSignal): Promise<void>;
  /** Anything in the namespace may have changed unnoticed. */
  onClusterGap(namespace: string): void;
  /** Sessions may have gone unnoticed. */
  onFleetGap(): void;
}

/** Watches everything that a control plane lives on, until the signal aborts. Never rejects. */
export async function watchSources(
  { ports, options, logger }: ControlContext,
  listener: SourceListener,
  signal: AbortSignal,
): Promise<void> {
  const { interceptRegistry, agentConfigStore, workloadResolver, agentFleet, clock, metrics } = ports;
  const common = (what: string, namespace?: string) => ({
    clock,
    signal,
    onFailure: (error: unknown, retryMs: number) => {
      logger.warn({ what, ...(namespace !== undefined && { namespace }), error, retryMs }, 'a watch broke off');
      metrics?.count('fairlead_watch_failures_total', { what });
    },
  });
  const perNamespace = options.namespaces.flatMap((namespace) => [
    keepWatching({
      ...common('intercepts', namespace),
      watch: (until) => interceptRegistry.watch(namespace, { signal: until }),
      onChange: (change) => listener.onIntercept(change),
      onGap: (until) => listener.onInterceptGap(namespace, until),
    }),
    keepWatching({
      ...common('agent configs', namespace),
      watch: (until) => agentConfigStore.watch(namespace, { signal: until }),
      onChange: (change) => listener.onConfig(change),
      onGap: () => listener.onClusterGap(namespace),
    }),
    keepWatching({
      ...common('workloads', namespace),
      watch: (until) => workloadResolver.watch(namespace, { signal: until }),
      onChange: (change) => listener.onCluster(change),
      onGap: () => listener.onClusterGap(namespace),
    }),
  ]);
  const fleet = keepWatching({
    ...common('agents and sessions'),
    watch: (until) => agentFleet.watch({ signal: until }),
    onChange: (event) => listener.onFleet(event),
    onGap: () => listener.onFleetGap(),
  });
  await Promise.all([...perNamespace, fleet]);
}
