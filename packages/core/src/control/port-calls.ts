import { abortable } from '../abortable.ts';
import { FairleadError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

/** Makes calls to ports end: with the answer, with the caller's signal, or when their time is up. */
export class PortCalls {
  readonly #clock: Clock;
  readonly #limitMs: number;

  /** Every call may take `limitMs`. */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Rejects with `timeout`, naming what was done, when `call` takes too long; its signal aborts then. */
  async make<T>(doing: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = this.#clock.after(this.#limitMs, () =>
      stop.abort(new FairleadError('timeout', `cannot ${doing}: no answer for ${this.#limitMs / 1_000} s`)),
    );
    try {
      return await abortable(call(stop.signal), { signal: stop.signal });
    } finally {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', onAbort);
    }
  }
}
