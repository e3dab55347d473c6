import type { Duplex } from 'node:stream';
import { Carrier } from './carrier.ts';
import { encodeGoAway, type GoAway } from './control-frame.ts';
import { Deferred } from './deferred.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameRouter } from './frame-router.ts';
import type { GoAwayOptions, ResumeCallOptions, TunnelCloseInfo, TunnelState, TunnelStats } from './session-facts.ts';
import { completeOptions, type SessionTerms, type TunnelOptions } from './session-options.ts';
import { type OpenOptions, StreamDesk } from './stream-desk.ts';
import { StreamTable } from './stream-table.ts';
import { TunnelError, type TunnelErrorCode } from './tunnel-error.ts';
import type { TunnelStream } from './tunnel-stream.ts';
import { waitUntil } from './wait-until.ts';

/** Many streams over one transport. Both ends open streams; each has its own credit, so none stops another. */
export class TunnelSession implements AsyncDisposable {
  /** Resolved when the peer has introduced itself; rejects with what ended the session before. Nobody has to handle it. */
  readonly ready: Promise<void>;
  /** Resolved when the session is over, with the reason. Never rejects. */
  readonly closed: Promise<TunnelCloseInfo>;
  readonly #options: TunnelOptions;
  readonly #terms: SessionTerms;
  readonly #streams: StreamTable;
  readonly #carrier: Carrier;
  readonly #desk: StreamDesk;
  readonly #ready: Deferred<void> = new Deferred();
  readonly #closed: Deferred<TunnelCloseInfo> = new Deferred();
  #isEstablished = false;
  #info: TunnelCloseInfo | undefined;
  /** Resolved when the transport is closed too. */
  #gone: Promise<void> = Promise.resolve();

  /** Introduces this end on the transport, which belongs to the session from now on. Throws `bad-options`. */
  constructor(transport: Duplex, options: TunnelOptions) {
    this.ready = this.#ready.promise;
    this.closed = this.#closed.promise;
    this.#options = options;
    this.#terms = completeOptions(options);
    this.#streams = new StreamTable(options.role);
    const router = new FrameRouter(this.#streams, new FloodGuard(this.#terms.timers), {
      opened: (streamId, metadata) => this.#desk.opened(streamId, metadata),
      ping: (payload) => this.#carrier.onPing(payload),
      pong: (payload) => this.#carrier.heartbeat.answered(payload),
      ack: (received) => this.#carrier.onAck(received),
      goAway: (notice) => this.#onGoAway(notice),
    });
    this.#carrier = new Carrier(this.#terms, router, {
      established: (peer) => {
        this.#isEstablished = true;
        this.#desk.meet(peer);
        this.#ready.resolve();
      },
      interrupted: (cause) => options.resume?.onInterrupted?.(cause),
      resumed: () => options.resume?.onResumed?.(),
      failed: (error) => this.#finish(error),
    });
    this.#desk = new StreamDesk(this.#terms, this.#streams, {
      writer: this.#carrier.writer,
      roundTripMs: () => this.#carrier.heartbeat.shortestRoundTripMs,
      onStream: options.onStream,
    });
    this.#carrier.start(transport);
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Where the session stands. */
  get state(): TunnelState {
    if (this.#info !== undefined) return 'closed';
    if (!this.#isEstablished) return 'connecting';
    return this.#carrier.isCarried ? 'open' : 'interrupted';
  }

  /** Smoothed round trip in milliseconds, undefined before the first measurement. */
  get rttMs(): number | undefined {
    return this.#carrier.heartbeat.roundTripMs;
  }

  /** The session's name in hexadecimal, with which a new transport finds it; undefined when it cannot be resumed. */
  get resumeToken(): string | undefined {
    return this.#carrier.token?.toString('hex');
  }

  /** Present figures. */
  get stats(): TunnelStats {
    const ends = this.#streams.all();
    return {
      streams: ends.length,
      waitingBytes: ends.reduce((sum, end) => sum + end.waitingBytes, 0),
      windowBytes: ends.reduce((sum, end) => sum + end.windowBytes, 0),
      unacknowledgedBytes: this.#carrier.unacknowledgedBytes,
    };
  }

  /**
   * Opens a stream without a round trip: metadata and first bytes are on their way in this tick, and more may be written.
   * Throws a {@link TunnelError} when there is no room for it or the session takes no streams, and the signal's reason
   * when that is aborted; then nothing was sent.
   */
  open(metadata: Uint8Array, options: OpenOptions = {}): TunnelStream {
    if (this.#info !== undefined) {
      throw new TunnelError('session-closed', 'the session is closed', { cause: this.#info.error });
    }
    return this.#desk.open(metadata, options);
  }

  /**
   * Announces that this end takes and opens no new streams. Resolved when the present ones have ended, or the session
   * has, or the waiting was stopped; see `stats.streams`. The session stays open until `close`.
   */
  async goAway(reason = '', { signal, timeoutMs }: GoAwayOptions = {}): Promise<void> {
    if (!this.#desk.isGoingAway && this.#info === undefined) {
      this.#desk.isGoingAway = true;
      this.#carrier.writer.control(encodeGoAway({ isFinal: false, code: undefined, message: reason }));
    }
    await waitUntil((done) => this.#streams.whenEmpty(done), this.#terms.timers, {
      timeoutMs: timeoutMs ?? this.#terms.timeouts.drainMs,
      signal,
    });
  }

  /**
   * Goes on over a new transport; the old one, dead or alive, is dropped. Resolved when streams move again. Rejects with
   * `resume-refused` when the other end no longer knows the session, which then ends; with other errors the session
   * waits for the next transport.
   */
  resume(transport: Duplex, options: ResumeCallOptions = {}): Promise<void> {
    return this.#carrier.resume(transport, options.signal);
  }

  /**
   * Ends the session and all its streams at both ends. Resolved when the transport is closed. Safe to call again.
   * Streams that nobody listens to for errors end without one here; at the other end this is an error.
   */
  async close(reason = 'closed by this end'): Promise<void> {
    this.#finish(new TunnelError('session-closed', reason));
    await this.#gone;
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onGoAway({ isFinal, code, message }: GoAway): void {
    if (isFinal) {
      const why = message || code || 'no reason given';
      const error = new TunnelError(
        code === 'resume-refused' ? code : 'peer-closed',
        `closed by the other end: ${why}`,
      );
      this.#finish(error, { remote: true, peerCode: code });
    } else if (!this.#desk.isPeerGoingAway) {
      this.#desk.isPeerGoingAway = true;
      this.#options.onGoAway?.(message);
    }
  }

  readonly #onAbort = (): void => {
    const cause: unknown = this.#options.signal?.reason;
    this.#finish(new TunnelError('aborted', 'the signal of the session was aborted', { cause }));
  };

  #finish(
    error: TunnelError,
    peer?: { readonly remote: boolean; readonly peerCode: TunnelErrorCode | undefined },
  ): void {
    if (this.#info !== undefined) return;
    const { code, message } = error;
    this.#info = { code, message, remote: peer?.remote ?? false, peerCode: peer?.peerCode, error };
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const farewell = peer === undefined ? encodeGoAway({ isFinal: true, code, message }) : undefined;
    this.#gone = this.#carrier.close(error, farewell);
    this.#desk.closeAll(error, code === 'session-closed' || code === 'aborted');
    this.#ready.reject(error);
    this.#closed.resolve(this.#info);
  }
}
