import type { Duplex } from 'node:stream';
import {
  FairleadError,
  type Logger,
  type RolloutStrategy,
  StaticAgentImageSource,
  type TunnelTransport,
  tokens,
} from '@fairlead/core';
import { ContainerModule } from 'inversify';
import { ConfigMapAgentConfigStore, defaultAgentsConfigMap } from './configs/config-map-agent-config-store.ts';
import type { KubernetesConnection } from './connection/kubernetes-connection.ts';
import { KubernetesDiagnostics } from './diagnostics/kubernetes-diagnostics.ts';
import { KubernetesIdentityProvider } from './identity/kubernetes-identity-provider.ts';
import { ManagerAgentImageSource } from './manager-agent-image-source.ts';
import { KubernetesPreflight } from './preflight/kubernetes-preflight.ts';
import { CustomResourceInterceptRegistry } from './registry/custom-resource-intercept-registry.ts';
import { KubernetesRollout } from './rollout/kubernetes-rollout.ts';
import { DirectTlsTunnelTransport } from './transport/direct-tls-tunnel-transport.ts';
import { defaultManager, type ManagerLocation } from './transport/find-manager.ts';
import { PortForwardTunnelTransport } from './transport/port-forward-tunnel-transport.ts';
import { ServiceProxyTunnelTransport } from './transport/service-proxy-tunnel-transport.ts';
import type { TunnelTls } from './transport/tunnel-tls.ts';
import type { TunnelWay } from './transport/tunnel-way.ts';
import { KubernetesWorkloadResolver } from './workloads/kubernetes-workload-resolver.ts';

/** Options of {@link kubernetesModule}. */
export interface KubernetesModuleOptions {
  /** Where the manager is. Default {@link defaultManager}. */
  readonly manager?: Partial<ManagerLocation> | undefined;
  /**
   * How to know the manager: then tunnels are encrypted up to the manager itself, also within a port-forward. True: by the CA
   * that stands on its Service. Default: by that CA through the proxy of the API server; a port-forward is as safe as the API
   * server and the kubelet make it.
   */
  readonly managerTls?: TunnelTls | true | undefined;
  /** Dials the manager here, where the API server does not forward ports. Needs `managerTls` with a CA or a fingerprint. */
  readonly managerAddress?: { readonly host: string; readonly port: number } | undefined;
  /**
   * How sessions come to the manager. `service-proxy`: through the API server's proxy, by `get` on `services/proxy`.
   * `port-forward`: through API server and kubelet, by `create` on `pods/portforward`, with `managerAddress` where the API
   * server forwards none. `direct`: at `managerAddress`, as from within the cluster, where that takes no right and costs least.
   * Default: by proxy, and by port-forward where that leads nowhere.
   */
  readonly tunnel?: TunnelWay | undefined;
  /** The name of the ConfigMap with the agent configs. Default `telepresence-agents`. */
  readonly agentsConfigMap?: string | undefined;
  /** The image of new traffic-agents. Default: the one that the manager prefers. */
  readonly agentImage?: string | undefined;
  /** How pods are replaced. Default: the way that fits each workload best. */
  readonly rollout?: RolloutStrategy | undefined;
  /** Default: the one of whoever composes. */
  readonly logger?: Logger | undefined;
}

/**
 * Binds every port that has an adapter for Kubernetes, on one connection. The connection is the caller's to close. Throws
 * `bad-request` for options that contradict each other.
 */
export function kubernetesModule(
  connection: KubernetesConnection,
  options: KubernetesModuleOptions = {},
): ContainerModule {
  const { agentImage, agentsConfigMap, logger, rollout } = options;
  const manager: ManagerLocation = { ...defaultManager, ...options.manager };
  const tunnelTransport = tunnelTransportOf(connection, manager, options);
  return new ContainerModule(({ bind }) => {
    bind(tokens.clock).toConstantValue(connection.clock);
    if (logger) bind(tokens.logger).toConstantValue(logger);
    bind(tokens.workloadResolver).toConstantValue(new KubernetesWorkloadResolver(connection, { logger }));
    bind(tokens.agentConfigStore).toConstantValue(
      new ConfigMapAgentConfigStore(connection, { agentsConfigMap, logger }),
    );
    bind(tokens.interceptRegistry).toConstantValue(new CustomResourceInterceptRegistry(connection, { logger }));
    bind(tokens.identityProvider).toConstantValue(new KubernetesIdentityProvider(connection));
    bind(tokens.preflight).toConstantValue(new KubernetesPreflight(connection, manager, options.tunnel));
    bind(tokens.diagnostics).toConstantValue(
      new KubernetesDiagnostics({
        connection,
        resolver: new KubernetesWorkloadResolver(connection, { logger }),
        manager,
        agentsConfigMap: agentsConfigMap ?? defaultAgentsConfigMap,
      }),
    );
    bind(tokens.rollout).toConstantValue(new KubernetesRollout(connection, { strategy: rollout, logger }));
    bind(tokens.tunnelTransport).toConstantValue(tunnelTransport);
    bind(tokens.agentImageSource).toConstantValue(
      agentImage === undefined
        ? new ManagerAgentImageSource(connection, manager)
        : new StaticAgentImageSource(agentImage),
    );
  });
}

function tunnelTransportOf(
  connection: KubernetesConnection,
  manager: ManagerLocation,
  { managerAddress, managerTls, tunnel, logger }: KubernetesModuleOptions,
): TunnelTransport<Duplex> {
  const tls = managerTls === true ? undefined : managerTls;
  const direct =
    managerAddress && new DirectTlsTunnelTransport({ ...managerAddress, tls: tls ?? {}, clock: connection.clock });
  if (tunnel === 'direct') {
    if (direct) return direct;
    throw new FairleadError('bad-request', 'a direct tunnel needs managerAddress', { phase: 'input' });
  }
  const forwarded = new PortForwardTunnelTransport(connection, { manager, tls: managerTls, fallback: direct });
  if (tunnel === 'port-forward') return forwarded;
  const fallback = tunnel === 'service-proxy' ? undefined : forwarded;
  return new ServiceProxyTunnelTransport(connection, { manager, tls, fallback, logger });
}
