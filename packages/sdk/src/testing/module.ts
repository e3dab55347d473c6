import { StaticAgentImageSource, tokens } from '@fairlead/core';
import { ContainerModule } from 'inversify';
import type { SessionLab } from './session-lab.ts';

/** Binds the ports of a lab, as a cluster adapter does. */
export function moduleOf(lab: SessionLab): ContainerModule {
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
