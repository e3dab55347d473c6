import type { Duplex } from 'node:stream';
import { peekSettings } from './peek-settings.ts';
import { defaultTimeouts, type TunnelOptions } from './session-options.ts';
import { systemTimers } from './timers.ts';
import { TunnelSession } from './tunnel-session.ts';

/** What an acceptor does with a fresh transport. */
export interface AcceptOptions extends Omit<TunnelOptions, 'role'> {
  /**
   * Whether whoever is behind this transport may go on with that session. The token is secret but travels on the wire:
   * compare the identity that the transport was authenticated with. Default: whoever knows the token may.
   */
  readonly mayResume?: ((session: TunnelSession) => boolean) | undefined;
}

/** What came of it. */
export interface AcceptedTransport {
  /** The session that the transport now carries. */
  readonly session: TunnelSession;
  /** Whether it was there before. */
  readonly isResumed: boolean;
}

/** The sessions of an acceptor that may be resumed, by their tokens. Those that end leave by themselves. */
export class ResumableSessions {
  readonly #sessions: Map<string, TunnelSession> = new Map();

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Looks at what the dialer says first and hands the transport to the session it names, or to a new one, and waits
   * until that is ready. Rejects when neither comes about: with `resume-refused` for a session that is not known or not
   * the dialer's to resume, which the dialer is told.
   */
  async accept(transport: Duplex, options: AcceptOptions): Promise<AcceptedTransport> {
    const { mayResume, ...rest } = options;
    const { resume } = await peekSettings(transport, {
      timers: rest.timers ?? systemTimers,
      timeoutMs: rest.timeouts?.handshakeMs ?? defaultTimeouts.handshakeMs,
      signal: rest.signal,
    });
    const known = resume && this.#sessions.get(resume.toString('hex'));
    if (known !== undefined && (mayResume === undefined || mayResume(known))) {
      await known.resume(transport, { signal: rest.signal });
      return { session: known, isResumed: true };
    }
    const session = new TunnelSession(transport, { ...rest, role: 'acceptor' });
    await session.ready;
    this.#keep(session);
    return { session, isResumed: false };
  }

  #keep(session: TunnelSession): void {
    const token = session.resumeToken;
    if (token === undefined) return;
    this.#sessions.set(token, session);
    void session.closed.then(() => this.#sessions.delete(token));
  }
}
