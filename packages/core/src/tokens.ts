import type { ServiceIdentifier } from 'inversify';
import type { ControlPlane } from './control/control-plane.ts';
import type { ControlPlaneOptions } from './control/control-plane-options.ts';
import type { MemoryCluster } from './memory/memory-cluster.ts';
import type { AgentConfigStore } from './ports/agent-config-store.ts';
import type { AgentFleet } from './ports/agent-fleet.ts';
import type { AgentImageSource } from './ports/agent-image-source.ts';
import type { Clock } from './ports/clock.ts';
import type { Diagnostics } from './ports/diagnostics.ts';
import type { IdentityProvider } from './ports/identity-provider.ts';
import type { Injector } from './ports/injector.ts';
import type { InterceptRegistry } from './ports/intercept-registry.ts';
import type { Logger } from './ports/logger.ts';
import type { Metrics } from './ports/metrics.ts';
import type { Preflight } from './ports/preflight.ts';
import type { Rollout } from './ports/rollout.ts';
import type { TrafficProxy } from './ports/traffic-proxy.ts';
import type { TunnelTransport } from './ports/tunnel-transport.ts';
import type { WorkloadResolver } from './ports/workload-resolver.ts';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@fairlead/core:${name}`);

/**
 * One service identifier per port, and for what is composed of them. Whoever binds one of them replaces that adapter and
 * nothing else.
 */
export const tokens: {
  readonly agentConfigStore: ServiceIdentifier<AgentConfigStore>;
  readonly agentFleet: ServiceIdentifier<AgentFleet>;
  readonly agentImageSource: ServiceIdentifier<AgentImageSource>;
  readonly clock: ServiceIdentifier<Clock>;
  readonly controlPlane: ServiceIdentifier<ControlPlane>;
  readonly controlPlaneOptions: ServiceIdentifier<ControlPlaneOptions>;
  readonly diagnostics: ServiceIdentifier<Diagnostics>;
  readonly identityProvider: ServiceIdentifier<IdentityProvider>;
  readonly injector: ServiceIdentifier<Injector>;
  readonly interceptRegistry: ServiceIdentifier<InterceptRegistry>;
  readonly logger: ServiceIdentifier<Logger>;
  /** The hands of what `memoryModule` binds. */
  readonly memoryCluster: ServiceIdentifier<MemoryCluster>;
  readonly metrics: ServiceIdentifier<Metrics>;
  readonly preflight: ServiceIdentifier<Preflight>;
  readonly rollout: ServiceIdentifier<Rollout>;
  readonly trafficProxy: ServiceIdentifier<TrafficProxy>;
  readonly tunnelTransport: ServiceIdentifier<TunnelTransport>;
  readonly workloadResolver: ServiceIdentifier<WorkloadResolver>;
} = {
  agentConfigStore: token('AgentConfigStore'),
  agentFleet: token('AgentFleet'),
  agentImageSource: token('AgentImageSource'),
  clock: token('Clock'),
  controlPlane: token('ControlPlane'),
  controlPlaneOptions: token('ControlPlaneOptions'),
  diagnostics: token('Diagnostics'),
  identityProvider: token('IdentityProvider'),
  injector: token('Injector'),
  interceptRegistry: token('InterceptRegistry'),
  logger: token('Logger'),
  memoryCluster: token('MemoryCluster'),
  metrics: token('Metrics'),
  preflight: token('Preflight'),
  rollout: token('Rollout'),
  trafficProxy: token('TrafficProxy'),
  tunnelTransport: token('TunnelTransport'),
  workloadResolver: token('WorkloadResolver'),
};
