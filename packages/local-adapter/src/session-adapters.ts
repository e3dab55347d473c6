import type {
  AgentConfigStore,
  AgentImageSource,
  Clock,
  Diagnostics,
  IdentityProvider,
  InterceptRegistry,
  Logger,
  TunnelTransport,
  WorkloadResolver,
} from '@fairlead/core';

/** What a session with a local cluster works with. */
export interface SessionAdapters {
  readonly workloadResolver: WorkloadResolver;
  readonly agentConfigStore: AgentConfigStore;
  readonly interceptRegistry: InterceptRegistry;
  readonly tunnelTransport: TunnelTransport;
  readonly agentImageSource: AgentImageSource;
  readonly diagnostics: Diagnostics;
  readonly clock: Clock;
  readonly identityProvider?: IdentityProvider;
  readonly logger?: Logger;
}
