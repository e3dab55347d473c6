import type { WorkloadKey } from '../model/workload.ts';
import type { AgentAssignment } from '../wire/agent-messages.ts';
import type { CallOptions } from './call-options.ts';

/** The traffic-agents and sessions whose tunnels are up. Observed, never remembered. */
export interface AgentFleet {
  /** The agents connected now: all, or those of one workload, at a cost that does not grow with the others. */
  agents(workload?: WorkloadKey): readonly ConnectedAgent[];
  /**
   * Tells an agent which intercepts it serves; resolves when it has acknowledged that epoch or a later one. Fails with
   * `connection-lost` when the agent is or goes away, `timeout` when it does not answer in time, and with the agent's own
   * error when it refuses.
   */
  assign(agentId: string, assignment: AgentAssignment, options?: CallOptions): Promise<void>;
  /**
   * The agents and sessions that are there, then every arrival and departure, until the signal aborts (then it ends
   * without an error).
   */
  watch(options?: CallOptions): AsyncIterable<FleetEvent>;
}

/** A traffic-agent with its tunnel up. */
export interface ConnectedAgent {
  /** Unique per connection of an agent. */
  readonly id: string;
  readonly workload: WorkloadKey;
  readonly pod: { readonly name: string; readonly uid: string };
  /** The hash of the config that it runs with. */
  readonly configHash: string;
  readonly version: string;
}

/**
 * Something happened to a tunnel. A session is known by its id together with the fingerprint of its key: whoever knows
 * only the id can neither keep another's intercepts alive nor end them.
 */
export type FleetEvent =
  | { readonly type: 'agent-arrived'; readonly agent: ConnectedAgent }
  | { readonly type: 'agent-gone'; readonly agent: ConnectedAgent }
  /** The session's tunnel is up, or it was heard from: its lease starts anew. */
  | { readonly type: 'session-seen'; readonly sessionId: string; readonly fingerprint: string }
  /** The session's tunnel is down; its lease runs. */
  | { readonly type: 'session-lost'; readonly sessionId: string; readonly fingerprint: string }
  /** The session said goodbye: nothing to wait for. */
  | { readonly type: 'session-left'; readonly sessionId: string; readonly fingerprint: string };
