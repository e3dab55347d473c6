import type { WorkloadKind } from './workload.ts';

/** The transport protocols that a connection may have. */
export type TransportProtocol = 'TCP' | 'UDP';

/**
 * How traffic for a container port reaches the traffic-agent: by giving the port's name to the agent, or by packet
 * rules that an init container with NET_ADMIN writes.
 */
export type Redirect = 'rename' | 'iptables';

/** A (service port → container port) pair found by the planner. Field names follow Telepresence 2.6. */
export interface AgentConnection {
  /** The port's name in the pod template; empty when it has none. */
  readonly containerPortName: string;
  readonly containerPort: number;
  readonly serviceName: string;
  readonly serviceUID: string;
  /** Empty for the only port of a Service when it has no name. */
  readonly servicePortName: string;
  readonly servicePort: number;
  readonly protocol: TransportProtocol;
  /** As the service port says; empty when it says nothing. */
  readonly appProtocol: string;
  readonly headless: boolean;
  /** The Service names its target by number: renaming would not redirect, packet rules are needed. */
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
  /** The container's mount paths, in declaration order. */
  readonly mounts: readonly string[];
  readonly intercepts: readonly AgentConnection[];
}

/** Everything one traffic-agent needs. One entry per workload. Unknown fields survive a round trip. */
export interface AgentConfig {
  /** 1 for all that this version writes. */
  readonly schemaVersion: number;
  /** Content hash over everything else; pods carry it, so a differing pod is one to replace. */
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
  readonly containers: readonly AgentContainer[];
}
