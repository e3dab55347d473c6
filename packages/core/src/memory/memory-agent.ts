import { FairleadError } from '../errors.ts';
import type { ConnectedAgent } from '../ports/agent-fleet.ts';
import type { AgentAssignment } from '../wire/agent-messages.ts';

interface Waiter {
  resolve(): void;
  reject(reason: FairleadError): void;
}

/** A traffic-agent of a `MemoryAgentFleet`, as seen from the pod. Acknowledges at once unless told to hold. */
export class MemoryAgent {
  /** What the fleet knows of it. */
  readonly agent: ConnectedAgent;
  readonly #assignments: AgentAssignment[] = [];
  readonly #leave: () => void;
  readonly #waiters: Waiter[] = [];
  #holding = false;
  #refusal: FairleadError | undefined;

  constructor(agent: ConnectedAgent, leave: () => void) {
    this.agent = agent;
    this.#leave = leave;
  }

  /** Everything it was told to serve, oldest first. */
  get assignments(): readonly AgentAssignment[] {
    return this.#assignments;
  }

  /** The ids of the intercepts and wiretaps that it serves now, sorted. */
  get serving(): readonly string[] {
    const ports = this.#assignments.at(-1)?.ports ?? [];
    const ids = ports.flatMap((port) => [...port.intercepts, ...port.wiretaps].map(({ id }) => id));
    return [...new Set(ids)].sort();
  }

  /** Keeps acknowledgements back until {@link acknowledge}. */
  hold(): void {
    this.#holding = true;
  }

  /** Acknowledges everything so far and from now on. */
  acknowledge(): void {
    this.#holding = false;
    this.#refusal = undefined;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  /** Refuses everything that is not acknowledged, and all that follows, until {@link acknowledge}. */
  refuse(error: FairleadError): void {
    this.#refusal = error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  /** Its tunnel breaks. Safe to call twice. */
  disconnect(): void {
    this.#leave();
    const gone = new FairleadError('connection-lost', `agent ${this.agent.id} went away`, { phase: 'agents' });
    for (const waiter of this.#waiters.splice(0)) waiter.reject(gone);
  }

  /** Takes an assignment; resolves when it is acknowledged. */
  receive(assignment: AgentAssignment): Promise<void> {
    this.#assignments.push(assignment);
    if (this.#refusal) return Promise.reject(this.#refusal);
    if (!this.#holding) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }
}
