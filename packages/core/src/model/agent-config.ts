import type { MountRule } from './mount-policy.ts';
import type { VariablePolicy } from './variable-policy.ts';
import type { WorkloadKind } from './workload.ts';

/** The transport protocols that a connection may have. */
export type TransportProtocol = 'TCP' | 'UDP';

/** The schema that this version writes, and the newest that it reads. */
export const agentConfigSchemaVersion = 1;

/**
 * How a connection's traffic reaches the traffic-agent. `rename`: the agent takes over the container port's name, and the
 * injector hides that name, for that protocol, in every container. `iptables`: packet rules, which an init container with
 * NET_ADMIN writes, lead the container port to the agent port. Two connections to one container port may differ; both
 * ways lead to the same agent port.
 */
export type Redirect = 'rename' | 'iptables';

/** A (service port → container port) pair found by the planner. Field names follow Telepresence 2.6. */
export interface AgentConnection {
  /** The port's name in the pod template; empty when it has none. */
  readonly containerPortName: string;
  readonly containerPort: number;
  /** Empty, as are the service's other fields, for a container port that callers reach without a service. */
  readonly serviceName: string;
  readonly serviceUID: string;
  /** Empty for the only port of a Service when it has no name. */
  readonly servicePortName: string;
  /** 0 without a service. */
  readonly servicePort: number;
  readonly protocol: TransportProtocol;
  /** As the service port says; empty when it says nothing. */
  readonly appProtocol: string;
  readonly headless: boolean;
  /** Callers come by number, not by name: renaming would not redirect, packet rules are needed. */
  readonly targetPortNumeric: boolean;
  readonly redirect: Redirect;
  /** Where the traffic-agent listens for this container port. One per (container port, protocol). */
  readonly agentPort: number;
}

/** A container of the workload as the traffic-agent sees it. */
export interface AgentContainer {
  readonly name: string;
  /** `A_`, `B_`, …: which of the copied environment belongs to this container. */
  readonly envPrefix: string;
  /** Where the container's mounts appear in the traffic-agent. */
  readonly mountPoint: string;
  /** The paths of the container's mounts whose files are shared, in declaration order. */
  readonly mounts: readonly string[];
  /** The mounts that are not just readable, by mount path. Absent: there are none such. */
  readonly mountPolicies?: Readonly<Record<string, MountRule>>;
  readonly intercepts: readonly AgentConnection[];
}

/** Everything one traffic-agent needs. One entry per workload. Unknown fields survive a round trip. */
export interface AgentConfig {
  /** {@link agentConfigSchemaVersion} for all that this version writes. */
  readonly schemaVersion: number;
  /**
   * Content hash over everything else that was planned; pods carry it, so a differing pod is one to replace. Fields that a
   * store kept for another version are not part of it.
   */
  readonly hash: string;
  /** The user owns this entry: never generated over, injected or rolled out. */
  readonly manual?: boolean;
  readonly agentName: string;
  readonly agentImage: string;
  readonly namespace: string;
  readonly workloadName: string;
  readonly workloadKind: WorkloadKind;
  readonly managerHost: string;
  readonly managerPort: number;
  readonly logLevel: string;
  /** Absent: nothing is excluded, and no value from a Secret allowed. */
  readonly variables?: VariablePolicy;
  readonly containers: readonly AgentContainer[];
}
