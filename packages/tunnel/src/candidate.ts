import type { Duplex } from 'node:stream';
import { Link } from './link.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import { type ReadSettings, SettingsReader } from './settings.ts';
import type { TunnelTimers } from './timers.ts';
import { TunnelError } from './tunnel-error.ts';

/** What becomes of a candidate; one of the two, once. */
export interface CandidateEvents {
  /** The peer has introduced itself; the link is the listener's now. */
  settings(link: Link, read: ReadSettings): void;
  /** It has not; the link is still there to be ended. */
  failed(error: TunnelError): void;
}

/** A transport whose peer has not introduced itself yet. */
export class Candidate {
  readonly link: Link;
  readonly #events: CandidateEvents;
  readonly #reader: SettingsReader = new SettingsReader();
  readonly #timers: TunnelTimers;
  readonly #timer: unknown;
  #isDone = false;

  constructor(transport: Duplex, timers: TunnelTimers, timeoutMs: number, events: CandidateEvents) {
    this.#events = events;
    this.#timers = timers;
    this.#timer = timers.setTimeout(
      () => this.fail(new TunnelError('handshake-timeout', `peer sent no SETTINGS in ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.link = new Link(transport, { bytes: (chunk) => this.#onBytes(chunk), lost: (cause) => this.fail(cause) });
  }

  /** Gives up. */
  fail(error: TunnelError): void {
    if (this.#finish()) this.#events.failed(error);
  }

  #onBytes(chunk: Buffer): void {
    let read: ReadSettings | undefined;
    try {
      read = this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.fail(new TunnelError(error.code, error.message));
      return;
    }
    if (read !== undefined && this.#finish()) this.#events.settings(this.link, read);
  }

  #finish(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#timers.clearTimeout(this.#timer);
    return true;
  }
}
