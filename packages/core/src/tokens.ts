import type { ServiceIdentifier } from 'inversify';
import type { AgentConfigStore } from './ports/agent-config-store.ts';
import type { AgentFleet } from './ports/agent-fleet.ts';
import type { AgentImageSource } from './ports/agent-image-source.ts';
import type { Clock } from './ports/clock.ts';
import type { IdentityProvider } from './ports/identity-provider.ts';
import type { Injector } from './ports/injector.ts';
import type { InterceptRegistry } from './ports/intercept-registry.ts';
import type { Logger } from './ports/logger.ts';
import type { Metrics } from './ports/metrics.ts';
import type { Rollout } from './ports/rollout.ts';
import type { TrafficProxy } from './ports/traffic-proxy.ts';
import type { TunnelTransport } from './ports/tunnel-transport.ts';
import type { WorkloadResolver } from './ports/workload-resolver.ts';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@fairlead/core:${name}`);

/** One service identifier per port. Whoever binds one of them replaces that adapter and nothing else. */
export const tokens: {
  readonly agentConfigStore: ServiceIdentifier<AgentConfigStore>;
  readonly agentFleet: ServiceIdentifier<AgentFleet>;
  readonly agentImageSource: ServiceIdentifier<AgentImageSource>;
  readonly clock: ServiceIdentifier<Clock>;
  readonly identityProvider: ServiceIdentifier<IdentityProvider>;
  readonly injector: ServiceIdentifier<Injector>;
  readonly interceptRegistry: ServiceIdentifier<InterceptRegistry>;
  readonly logger: ServiceIdentifier<Logger>;
  readonly metrics: ServiceIdentifier<Metrics>;
  readonly rollout: ServiceIdentifier<Rollout>;
  readonly trafficProxy: ServiceIdentifier<TrafficProxy>;
  readonly tunnelTransport: ServiceIdentifier<TunnelTransport>;
  readonly workloadResolver: ServiceIdentifier<WorkloadResolver>;
} = {
  agentConfigStore: token('AgentConfigStore'),
  agentFleet: token('AgentFleet'),
  agentImageSource: token('AgentImageSource'),
  clock: token('Clock'),
  identityProvider: token('IdentityProvider'),
  injector: token('Injector'),
  interceptRegistry: token('InterceptRegistry'),
  logger: token('Logger'),
  metrics: token('Metrics'),
  rollout: token('Rollout'),
  trafficProxy: token('TrafficProxy'),
  tunnelTransport: token('TunnelTransport'),
  workloadResolver: token('WorkloadResolver'),
};
