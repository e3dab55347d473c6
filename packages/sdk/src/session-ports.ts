import type { Duplex } from 'node:stream';
import type {
  AgentConfigStore,
  AgentImageSource,
  Clock,
  Diagnostics,
  InterceptRegistry,
  Logger,
  Preflight,
  Rollout,
  TunnelTransport,
  WorkloadResolver,
} from '@fairlead/core';

/** The ports that a session works with. */
export interface SessionPorts {
  readonly workloadResolver: WorkloadResolver;
  readonly agentConfigStore: AgentConfigStore;
  readonly interceptRegistry: InterceptRegistry;
  readonly tunnelTransport: TunnelTransport<Duplex>;
  readonly agentImageSource: AgentImageSource;
  /** Absent: how pods would be replaced cannot be told. */
  readonly rollout: Rollout | undefined;
  /** Absent: nothing can be missing. */
  readonly preflight: Preflight | undefined;
  /** Absent: nothing is shown. */
  readonly diagnostics: Diagnostics | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}
