import { FairleadError } from '../errors.ts';
import type { AgentFleet, ConnectedAgent } from '../ports/agent-fleet.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentAssignment } from '../wire/agent-messages.ts';

/** What an {@link AgentLink} needs. */
export interface AgentLinkOptions {
  readonly fleet: AgentFleet;
  readonly clock: Clock;
  /** Called after each acknowledgement and each failure. */
  readonly onChange: () => void;
}

const firstRetryMs = 500;
const maxRetryMs = 10_000;

/** Keeps one connected agent at what it should serve. A newer wish overtakes an older one that is under way. */
export class AgentLink implements AsyncDisposable {
  readonly agent: ConnectedAgent;
  readonly #options: AgentLinkOptions;
  readonly #stop: AbortController = new AbortController();
  #wanted: AgentAssignment | undefined;
  #attempt: AbortController | undefined;
  #acked = Number.NEGATIVE_INFINITY;
  #failure: FairleadError | undefined;
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;

  constructor(agent: ConnectedAgent, options: AgentLinkOptions) {
    this.agent = agent;
    this.#options = options;
  }

  /** The newest epoch that the agent has acknowledged; minus infinity when there is none. */
  get acked(): number {
    return this.#acked;
  }

  /** Why the newest attempt failed; undefined when it did not. */
  get failure(): FairleadError | undefined {
    return this.#failure;
  }

  /** Makes this what the agent should serve. Its epoch must be greater than the last one's. */
  want(assignment: AgentAssignment): void {
    if (this.#stop.signal.aborted) return;
    this.#wanted = assignment;
    this.#attempt?.abort(new Error('a newer assignment overtakes'));
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#work = this.#run().finally(() => {
      this.#isWorking = false;
    });
  }

  /** The newest epoch that was asked for; minus infinity when there is none. */
  get wanted(): number {
    return this.#wanted?.epoch ?? Number.NEGATIVE_INFINITY;
  }

  /** Asks no more, and resolves when nothing is under way. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the link has ended'));
    this.#attempt?.abort(this.#stop.signal.reason);
    await this.#work;
  }

  async #run(): Promise<void> {
    let retryMs = firstRetryMs;
    while (this.#wanted && this.#wanted.epoch > this.#acked && !this.#stop.signal.aborted) {
      const assignment = this.#wanted;
      const attempt = new AbortController();
      this.#attempt = attempt;
      try {
        await this.#options.fleet.assign(this.agent.id, assignment, { signal: attempt.signal });
        this.#acked = assignment.epoch;
        this.#failure = undefined;
        this.#options.onChange();
      } catch (error) {
        if (attempt.signal.aborted) continue;
        this.#failure = FairleadError.from(error, 'agent-not-ready');
        this.#options.onChange();
        if (this.#failure.code === 'connection-lost') return;
        await this.#options.clock.sleep(retryMs, { signal: attempt.signal }).catch(() => {});
        retryMs = Math.min(maxRetryMs, retryMs * 2);
      }
    }
  }
}
