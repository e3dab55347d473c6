import { abortable } from '../abortable.ts';
import { FairleadError } from '../errors.ts';
import { frozenCopy } from '../frozen-copy.ts';
import { ByWorkload } from '../model/by-workload.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { AgentFleet, ConnectedAgent, FleetEvent } from '../ports/agent-fleet.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentAssignment } from '../wire/agent-messages.ts';
import { ChangeFeed } from './change-feed.ts';
import { MemoryAgent } from './memory-agent.ts';

/** Options of {@link MemoryAgentFleet}. */
export interface MemoryAgentFleetOptions {
  /** How long an agent may take to acknowledge. Default 10 000. */
  readonly ackTimeoutMs?: number;
}

/** Agents and sessions that one adds and takes away by hand. */
export class MemoryAgentFleet implements AgentFleet {
  readonly #clock: Clock;
  readonly #ackTimeoutMs: number;
  readonly #agents = new Map<string, MemoryAgent>();
  readonly #byWorkload = new ByWorkload<ConnectedAgent>();
  readonly #sessions = new Map<string, { readonly sessionId: string; readonly fingerprint: string }>();
  readonly #feed: ChangeFeed<FleetEvent> = new ChangeFeed<FleetEvent>();
  #connections = 0;

  constructor(clock: Clock, options: MemoryAgentFleetOptions = {}) {
    this.#clock = clock;
    this.#ackTimeoutMs = options.ackTimeoutMs ?? 10_000;
  }

  agents(workload?: WorkloadKey): readonly ConnectedAgent[] {
    return workload ? this.#byWorkload.of(workload) : [...this.#agents.values()].map(({ agent }) => agent);
  }

  async assign(agentId: string, assignment: AgentAssignment, options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const agent = this.#agents.get(agentId);
    if (!agent) throw new FairleadError('connection-lost', `no agent ${agentId} is connected`, { phase: 'agents' });
    let timer: Disposable | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = this.#clock.after(this.#ackTimeoutMs, () =>
        reject(new FairleadError('timeout', `agent ${agentId} did not answer`, { phase: 'agents' })),
      );
    });
    try {
      await abortable(Promise.race([agent.receive(frozenCopy(assignment)), late]), options);
    } finally {
      timer?.[Symbol.dispose]();
    }
  }

  watch(options: CallOptions = {}): AsyncIterable<FleetEvent> {
    const agents = this.agents().map((agent): FleetEvent => ({ type: 'agent-arrived', agent }));
    const sessions = [...this.#sessions.values()].map((session): FleetEvent => ({ type: 'session-seen', ...session }));
    return this.#feed.subscribe({ ...options, snapshot: [...agents, ...sessions] });
  }

  /** An agent's tunnel comes up. */
  connect(agent: Omit<ConnectedAgent, 'id'>): MemoryAgent {
    const connected = frozenCopy({ ...agent, id: `agent-${++this.#connections}` });
    const handle = new MemoryAgent(connected, () => {
      this.#byWorkload.delete(connected.workload, connected);
      if (this.#agents.delete(connected.id)) this.#feed.publish({ type: 'agent-gone', agent: connected });
    });
    this.#agents.set(connected.id, handle);
    this.#byWorkload.add(connected.workload, connected);
    this.#feed.publish({ type: 'agent-arrived', agent: connected });
    return handle;
  }

  /** The handles of the agents that are connected. */
  get handles(): readonly MemoryAgent[] {
    return [...this.#agents.values()];
  }

  /** The session's tunnel comes up, or it beats. */
  seeSession(sessionId: string, fingerprint: string): void {
    this.#sessions.set(sessionKey(sessionId, fingerprint), { sessionId, fingerprint });
    this.#feed.publish({ type: 'session-seen', sessionId, fingerprint });
  }

  /** The session's tunnel breaks. */
  loseSession(sessionId: string, fingerprint: string): void {
    this.#sessions.delete(sessionKey(sessionId, fingerprint));
    this.#feed.publish({ type: 'session-lost', sessionId, fingerprint });
  }

  /** The session says goodbye. */
  leaveSession(sessionId: string, fingerprint: string): void {
    this.#sessions.delete(sessionKey(sessionId, fingerprint));
    this.#feed.publish({ type: 'session-left', sessionId, fingerprint });
  }
}

function sessionKey(sessionId: string, fingerprint: string): string {
  return JSON.stringify([sessionId, fingerprint]);
}
