import { FairleadError } from '../errors.ts';
import { type SessionIdentity, sessionKey } from '../lifecycle/reduce-sessions.ts';
import { type InterceptRecord, interceptId } from '../model/intercept.ts';
import type { ControlContext } from './control-context.ts';
import { deleteIntercept } from './delete-intercept.ts';
import { WorkQueue } from './work-queue.ts';

/** What {@link SessionEndings} work with. */
export interface SessionEndingsParts {
  readonly context: ControlContext;
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
  /** Those whose lease has ended while the registry did not answer. */
  readonly #kept = new Set<string>();

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
      this.#kept.delete(session);
      return;
    }
    if (this.#kept.has(session)) return await this.#awaitAgain(first, session, signal);
    const { ports, calls, logger } = context;
    for (const record of held) {
      try {
        await deleteIntercept(ports.interceptRegistry, calls, record, signal);
      } catch (error) {
        if (isOutOfReach(error)) this.#kept.add(session);
        throw error;
      }
      logger.info({ intercept: interceptId(record), session: record.session.id }, 'session ended, intercept freed');
    }
  }

  /** Once the registry answers again. */
  async #awaitAgain(
    { namespace, session: owner }: InterceptRecord,
    session: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { ports, calls } = this.#parts.context;
    await calls.make('list the intercepts', signal, (limited) =>
      ports.interceptRegistry.list(namespace, { signal: limited }),
    );
    this.#kept.delete(session);
    this.#parts.await({ sessionId: owner.id, fingerprint: owner.fingerprint });
  }
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof FairleadError && (error.code === 'unreachable' || error.code === 'timeout');
}
