import type { ResetReason } from './reset-reason.ts';
import type { StreamEnd } from './stream-end.ts';
import type { TunnelTimers } from './timers.ts';
import { TunnelError } from './tunnel-error.ts';
import { TunnelStream } from './tunnel-stream.ts';

/** A stream that the peer opened and that waits for an answer. */
export interface IncomingStream {
  /** Its number in the session. */
  readonly id: number;
  /** What the peer opened it with. */
  readonly metadata: Uint8Array;
  /** Aborted when the peer gives up, the session ends or the time for an answer passes; not by an answer. */
  readonly signal: AbortSignal;
  /**
   * Takes the stream. If it ended in the meantime, the duplex is one that is destroyed and emits that error. Throws
   * `already-answered` the second time.
   */
  accept(): TunnelStream;
  /** Does not take the stream; the peer may use its bytes elsewhere. Reason `refused` unless named. */
  refuse(reason?: ResetReason, message?: string): void;
}

/** The incoming stream on the side of the session, which refuses it when no answer comes in time. */
export class OfferedStream implements IncomingStream {
  readonly id: number;
  readonly metadata: Uint8Array;
  readonly #end: StreamEnd;
  #stopWaiting: (() => void) | undefined;
  #answer: 'accepted' | 'refused' | undefined;
  #gone: Error | undefined;
  #controller: AbortController | undefined;

  constructor(end: StreamEnd) {
    this.id = end.id;
    this.metadata = end.metadata;
    this.#end = end;
    end.onGone = (error) => this.#onGone(error);
  }

  /** Limits the time for an answer. Most streams are answered as soon as they are offered, and need no timer. */
  limit(timers: TunnelTimers, answerMs: number): void {
    if (this.#answer !== undefined || this.#gone !== undefined) return;
    const timer = timers.setTimeout(() => {
      this.#end.reset('timeout', 'not answered in time');
      this.#onGone(new TunnelError('stream-reset', `stream ${this.id} was not answered in ${answerMs} ms`));
    }, answerMs);
    this.#stopWaiting = () => timers.clearTimeout(timer);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#gone !== undefined) this.#controller.abort(this.#gone);
    return this.#controller.signal;
  }

  accept(): TunnelStream {
    this.#take('accepted');
    if (this.#gone === undefined) this.#end.accept();
    const stream = new TunnelStream(this.#end);
    if (this.#gone !== undefined) stream.destroy(this.#gone);
    return stream;
  }

  refuse(reason: ResetReason = 'refused', message?: string): void {
    this.#take('refused');
    this.#end.reset(reason, message);
  }

  /** The application failed before it answered, or after. */
  abandon(): void {
    if (this.#answer === undefined) this.refuse('internal');
  }

  #take(answer: 'accepted' | 'refused'): void {
    if (this.#answer !== undefined) {
      throw new TunnelError('already-answered', `stream ${this.id} was ${this.#answer} before`);
    }
    this.#answer = answer;
    this.#stopWaiting?.();
  }

  #onGone(error: Error): void {
    this.#gone = error;
    this.#stopWaiting?.();
    this.#controller?.abort(error);
  }
}
