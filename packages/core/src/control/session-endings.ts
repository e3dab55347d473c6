import { type SessionIdentity, sessionKey } from '../lifecycle/reduce-sessions.ts';
import { type InterceptRecord, interceptId } from '../model/intercept.ts';
import type { ControlContext } from './control-context.ts';
import { deleteIntercept } from './delete-intercept.ts';
import { WorkQueue } from './work-queue.ts';

/** What {@link SessionEndings} work with. */
export interface SessionEndingsParts {
  readonly context: ControlContext;
  /** How long a silent session keeps what it holds, in milliseconds. */
  readonly leaseMs: number;
  /** The intercepts of a session, by its key. */
  readonly heldBy: (session: string) => readonly InterceptRecord[];
  /** Starts the lease of a session anew. */
  readonly await: (session: SessionIdentity) => void;
}

/**
 * Frees what ended sessions hold. The registry tells of it, and everything else follows from there. Time in which the
 * registry is out of reach does not count: where tunnels lead through the API server, nobody can show himself then.
 */
export class SessionEndings implements AsyncDisposable {
  readonly #parts: SessionEndingsParts;
  readonly #queue: WorkQueue;
  /** When a session was last given another lease. */
  readonly #given = new Map<string, number>();

  constructor(parts: SessionEndingsParts) {
    const { ports, logger } = parts.context;
    this.#parts = parts;
    this.#queue = new WorkQueue({
      clock: ports.clock,
      handle: (session, signal) => this.#end(session, signal),
      onFailure: (_session, error, retryMs) => logger.warn({ error, retryMs }, 'intercepts cannot be deleted'),
    });
  }

  /** This session has ended. */
  add(session: SessionIdentity): void {
    this.#queue.add(sessionKey(session));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
  }

  async #end(session: string, signal: AbortSignal): Promise<void> {
    const { context, heldBy } = this.#parts;
    const held = heldBy(session);
    const [first] = held;
    if (!first || context.isSessionUp(first.session)) {
      this.#given.delete(session);
      return;
    }
    const { ports, calls, logger } = context;
    const given = this.#given.get(session);
    if (given !== undefined && ports.clock.now() - given < this.#parts.leaseMs) return;
    // Asked first, as only an answer tells how long there was none.
    await calls.make('read an intercept', signal, (limited) =>
      ports.interceptRegistry.read(first.namespace, first.name, { signal: limited }),
    );
    if (this.#mayHaveBeenCutOff(session)) {
      this.#awaitAgain(first, session);
      return;
    }
    for (const record of held) {
      await deleteIntercept(ports.interceptRegistry, calls, record, signal);
      logger.info({ intercept: interceptId(record), session: record.session.id }, 'session ended, intercept freed');
    }
    this.#given.delete(session);
  }

  /** There was trouble during its lease, and it got no other one since. */
  #mayHaveBeenCutOff(session: string): boolean {
    const { ports, calls } = this.#parts.context;
    const { lastTrouble } = calls;
    if (lastTrouble === undefined || ports.clock.now() - lastTrouble > this.#parts.leaseMs) return false;
    return lastTrouble > (this.#given.get(session) ?? Number.NEGATIVE_INFINITY);
  }

  #awaitAgain({ session: { id, fingerprint } }: InterceptRecord, session: string): void {
    const { ports, logger } = this.#parts.context;
    this.#given.set(session, ports.clock.now());
    logger.info({ session: id }, 'session may have been cut off, and gets another lease');
    this.#parts.await({ sessionId: id, fingerprint });
  }
}
