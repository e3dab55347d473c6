import { lifecycleDefaults } from '../lifecycle/reduce-intercept.ts';
import { defaultLeaseMs } from '../lifecycle/reduce-sessions.ts';
import type { VariablePolicy } from '../model/variable-policy.ts';
import type { AgentConfigStore } from '../ports/agent-config-store.ts';
import type { AgentFleet } from '../ports/agent-fleet.ts';
import type { AgentImageSource } from '../ports/agent-image-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdentityProvider } from '../ports/identity-provider.ts';
import type { InterceptRegistry } from '../ports/intercept-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Rollout } from '../ports/rollout.ts';
import type { WorkloadResolver } from '../ports/workload-resolver.ts';

/** The ports that a control plane works through. */
export interface ControlPlanePorts {
  readonly interceptRegistry: InterceptRegistry;
  readonly workloadResolver: WorkloadResolver;
  readonly agentConfigStore: AgentConfigStore;
  readonly agentFleet: AgentFleet;
  readonly rollout: Rollout;
  readonly agentImageSource: AgentImageSource;
  readonly clock: Clock;
  /** Absent: everybody may intercept everything, personally too. */
  readonly identityProvider?: IdentityProvider | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: none. */
  readonly metrics?: Metrics | undefined;
}

/** What a control plane is told. */
export interface ControlPlaneOptions {
  /** The namespaces whose workloads it looks after. */
  readonly namespaces: readonly string[];
  /** Where agents find the traffic-manager. */
  readonly managerHost: string;
  readonly managerPort: number;
  /** Of the agents. Default `info`. */
  readonly logLevel?: string;
  /** The first port that an agent may take. Default 9900. */
  readonly agentPortBase?: number;
  /** Which of the app's variables sessions may learn. Default: nothing is excluded, and no value from a Secret allowed. */
  readonly variables?: VariablePolicy | undefined;
  /** How long the agents of a workload may take to arrive, and then to acknowledge. Default 60 000. */
  readonly agentArrivalTimeoutMs?: number;
  /** How long a decisive problem, like an image that cannot be pulled, is watched before it ends a preparation. Default 10 000. */
  readonly causePatienceMs?: number;
  /** How long a silent session keeps its intercepts. Default 15 000. */
  readonly leaseMs?: number;
  /** How long a rollout may go without replacing a pod. Default 300 000. */
  readonly rolloutPatienceMs?: number;
  /** How long one call to a port may take. Default 30 000. */
  readonly callTimeoutMs?: number;
}

/** The times that hold where {@link ControlPlaneOptions} say nothing. */
export const controlPlaneDefaults: {
  readonly agentArrivalTimeoutMs: number;
  readonly causePatienceMs: number;
  readonly leaseMs: number;
  readonly rolloutPatienceMs: number;
  readonly callTimeoutMs: number;
} = {
  agentArrivalTimeoutMs: lifecycleDefaults.agentArrivalMs,
  causePatienceMs: lifecycleDefaults.patienceMs,
  leaseMs: defaultLeaseMs,
  rolloutPatienceMs: 300_000,
  callTimeoutMs: 30_000,
};
