import { type OpenCluster, tokens } from '@fairlead/core';
import { ContainerModule } from 'inversify';
import type { SessionAdapters } from './session-adapters.ts';

/** Binds what a session with a local cluster works with. */
export function sessionModule(adapters: SessionAdapters): OpenCluster['module'] {
  return new ContainerModule(({ bind }) => {
    bind(tokens.workloadResolver).toConstantValue(adapters.workloadResolver);
    bind(tokens.agentConfigStore).toConstantValue(adapters.agentConfigStore);
    bind(tokens.interceptRegistry).toConstantValue(adapters.interceptRegistry);
    bind(tokens.tunnelTransport).toConstantValue(adapters.tunnelTransport);
    bind(tokens.agentImageSource).toConstantValue(adapters.agentImageSource);
    bind(tokens.diagnostics).toConstantValue(adapters.diagnostics);
    bind(tokens.clock).toConstantValue(adapters.clock);
    if (adapters.identityProvider) bind(tokens.identityProvider).toConstantValue(adapters.identityProvider);
    if (adapters.logger) bind(tokens.logger).toConstantValue(adapters.logger);
  });
}
