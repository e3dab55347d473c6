import { ContainerModule, type ServiceIdentifier } from 'inversify';
import { ControlPlane } from './control/control-plane.ts';
import { ManualClock } from './memory/manual-clock.ts';
import { MemoryCluster } from './memory/memory-cluster.ts';
import { MemoryInterceptRegistry } from './memory/memory-intercept-registry.ts';
import { SilentLogger } from './memory/memory-logger.ts';
import { MemoryMetrics } from './memory/memory-metrics.ts';
import { StaticAgentImageSource } from './memory/static-agent-image-source.ts';
import type { IdentityProvider } from './ports/identity-provider.ts';
import type { Logger } from './ports/logger.ts';
import type { Metrics } from './ports/metrics.ts';
import { tokens } from './tokens.ts';

/**
 * Binds the control plane to the ports that adapters bind. `controlPlaneOptions` has to be bound too; logger, metrics
 * and identity provider may be. Unbinding disposes the control plane.
 */
export const controlModule: ContainerModule = new ContainerModule(({ bind }) => {
  bind(tokens.controlPlane)
    .toResolvedValue(
      (
        options,
        interceptRegistry,
        workloadResolver,
        agentConfigStore,
        agentFleet,
        rollout,
        agentImageSource,
        clock,
        identityProvider: IdentityProvider | undefined,
        logger: Logger | undefined,
        metrics: Metrics | undefined,
      ) => {
        const cluster = { workloadResolver, agentConfigStore, agentFleet, rollout };
        const ports = { ...cluster, interceptRegistry, agentImageSource, clock, identityProvider, logger, metrics };
        return new ControlPlane(ports, options);
      },
      [
        tokens.controlPlaneOptions,
        tokens.interceptRegistry,
        tokens.workloadResolver,
        tokens.agentConfigStore,
        tokens.agentFleet,
        tokens.rollout,
        tokens.agentImageSource,
        tokens.clock,
        optional(tokens.identityProvider),
        optional(tokens.logger),
        optional(tokens.metrics),
      ],
    )
    .inSingletonScope()
    .onDeactivation((plane) => plane[Symbol.asyncDispose]());
});

/** The library's types know no optional service of a typed token; a token is a symbol in any case. */
function optional(token: ServiceIdentifier): { readonly serviceIdentifier: symbol; readonly optional: true } {
  return { serviceIdentifier: token as symbol, optional: true };
}

/**
 * Binds the memory adapters: a `MemoryCluster` with the resolver, store, rollout and fleet that belong together, a manual
 * clock, a registry, an image, a silent logger and metrics. Left out is what needs something from outside: users for an
 * `identityProvider`, streams for a `tunnelTransport`, sockets for a `trafficProxy`, an `injector`.
 */
export const memoryModule: ContainerModule = new ContainerModule(({ bind }) => {
  bind(tokens.clock)
    .toResolvedValue(() => new ManualClock())
    .inSingletonScope();
  bind(tokens.logger)
    .toResolvedValue(() => new SilentLogger())
    .inSingletonScope();
  bind(tokens.metrics)
    .toResolvedValue(() => new MemoryMetrics())
    .inSingletonScope();
  bind(tokens.memoryCluster)
    .toResolvedValue((clock) => new MemoryCluster(clock), [tokens.clock])
    .inSingletonScope();
  bind(tokens.workloadResolver).toResolvedValue((cluster) => cluster.resolver, [tokens.memoryCluster]);
  bind(tokens.agentConfigStore).toResolvedValue((cluster) => cluster.store, [tokens.memoryCluster]);
  bind(tokens.agentFleet).toResolvedValue((cluster) => cluster.fleet, [tokens.memoryCluster]);
  bind(tokens.rollout).toResolvedValue((cluster) => cluster.rollout, [tokens.memoryCluster]);
  bind(tokens.interceptRegistry)
    .toResolvedValue((clock) => new MemoryInterceptRegistry(clock), [tokens.clock])
    .inSingletonScope();
  bind(tokens.agentImageSource)
    .toResolvedValue(() => new StaticAgentImageSource('fairlead/agent:memory'))
    .inSingletonScope();
});
