import type { SerializedError } from '../errors.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { InterceptRoute, WiretapRoute } from '../ports/traffic-proxy.ts';

/** The version of everything in this folder. A peer of another version is refused with `version-skew`. */
export const wireVersion = 2;

/** First words of a traffic-agent: the metadata of the control stream that it opens. */
export interface AgentHello {
  readonly kind: 'agent';
  readonly v: number;
  readonly workload: WorkloadKey;
  readonly pod: { readonly name: string; readonly uid: string };
  readonly configHash: string;
  readonly version: string;
  /** Proves which pod this is. A secret. */
  readonly token: string;
}

/** What one agent is to serve. Complete: what is not in it is not served. */
export interface AgentAssignment {
  /** Grows with each assignment to this agent. */
  readonly epoch: number;
  readonly ports: readonly AssignedPort[];
}

/** The routes of one of the agent's ports. */
export interface AssignedPort {
  readonly agentPort: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly intercepts: readonly InterceptRoute[];
  readonly wiretaps: readonly WiretapRoute[];
}

/** Relay to agent, one JSON object a line on the control stream. */
export type ToAgent = { readonly type: 'assign'; readonly assignment: AgentAssignment };

/** Agent to relay, one JSON object a line on the control stream. */
export type FromAgent =
  | { readonly type: 'ack'; readonly epoch: number }
  | { readonly type: 'nack'; readonly epoch: number; readonly error: SerializedError };
