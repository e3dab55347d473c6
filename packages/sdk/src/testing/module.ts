import {
  type AgentConfigStore,
  type Clock,
  type InterceptRegistry,
  type Logger,
  StaticAgentImageSource,
  type TunnelTransport,
  tokens,
  type WorkloadResolver,
} from '@fairlead/core';
import { ContainerModule } from 'inversify';

/** What a session is to work with. */
export interface LabAdapters {
  readonly resolver: WorkloadResolver;
  readonly store: AgentConfigStore;
  readonly registry: InterceptRegistry;
  readonly relay: { readonly transport: TunnelTransport };
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Binds the ports of a lab, as a cluster adapter does. */
export function moduleOf(lab: LabAdapters): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(tokens.workloadResolver).toConstantValue(lab.resolver);
    bind(tokens.agentConfigStore).toConstantValue(lab.store);
    bind(tokens.interceptRegistry).toConstantValue(lab.registry);
    bind(tokens.tunnelTransport).toConstantValue(lab.relay.transport);
    bind(tokens.agentImageSource).toConstantValue(new StaticAgentImageSource('fairlead/fairlead:test'));
    bind(tokens.clock).toConstantValue(lab.clock);
    bind(tokens.logger).toConstantValue(lab.logger);
  });
}
