import {
  nextExpiry,
  reduceSessions,
  type SessionEvent,
  type SessionIdentity,
  type SessionTable,
  sessionKey,
} from '../lifecycle/reduce-sessions.ts';
import type { Clock } from '../ports/clock.ts';

/** What a {@link SessionDesk} needs. */
export interface SessionDeskOptions {
  readonly clock: Clock;
  /** How long a silent session keeps what it holds, in milliseconds. */
  readonly leaseMs: number;
  /** Called for each session that is over. */
  readonly onEnded: (session: SessionIdentity) => void;
  /** Called when a session's tunnel came up or went down. */
  readonly onTurned: (session: SessionIdentity) => void;
}

/** A timer that fires so much too late, in milliseconds, says that the process stood still, or that the clock was set. */
const sleepMs = 2_000;

/** Keeps the leases of sessions, and tells when one is over. */
export class SessionDesk implements Disposable {
  readonly #options: SessionDeskOptions;
  #sessions: SessionTable = new Map();
  #timer: Disposable | undefined;

  constructor(options: SessionDeskOptions) {
    this.#options = options;
  }

  /** Whether the tunnel of this session, and not of one that only has its id, is up. */
  isUp(session: SessionIdentity): boolean {
    return this.#sessions.get(sessionKey(session))?.up ?? false;
  }

  /** Takes note of an event. */
  note(event: SessionEvent): void {
    const { clock, leaseMs, onEnded, onTurned } = this.#options;
    const { sessions, ended, turned } = reduceSessions(this.#sessions, event, clock.now(), leaseMs);
    this.#sessions = sessions;
    this.#setTimer();
    if (turned) onTurned(turned);
    for (const session of ended) onEnded(session);
  }

  /** Nobody knows any more who is there: every session is lost until it is seen again. */
  loseAll(): void {
    for (const session of this.#sessions.values()) this.note({ type: 'lost', ...session });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#sessions = new Map();
  }

  #setTimer(): void {
    const { clock, leaseMs } = this.#options;
    this.#timer?.[Symbol.dispose]();
    const due = nextExpiry(this.#sessions, leaseMs);
    if (due === undefined) this.#timer = undefined;
    else {
      this.#timer = clock.after(due - clock.now(), () =>
        this.note({ type: clock.now() - due > sleepMs ? 'slept' : 'tick' }),
      );
    }
  }
}
