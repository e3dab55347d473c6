import { abortable } from '../abortable.ts';
import { FairleadError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

/** A call that takes longer is a sign of trouble, in milliseconds. */
const slowMs = 3_000;

/** Makes calls to ports end: with the answer, with the caller's signal, or when their time is up. */
export class PortCalls {
  readonly #clock: Clock;
  readonly #limitMs: number;
  /** When the calls began that are under way. */
  readonly #pending = new Set<{ readonly since: number }>();
  #troubled: number | undefined;

  /** Every call may take `limitMs`. */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** When it was last seen that ports are out of reach: calls fail for that, or take seconds. Undefined: never. */
  get lastTrouble(): number | undefined {
    const now = this.#clock.now();
    for (const { since } of this.#pending) if (now - since >= slowMs) this.#troubled = now;
    return this.#troubled;
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
    const pending = { since: this.#clock.now() };
    this.#pending.add(pending);
    try {
      return await abortable(call(stop.signal), { signal: stop.signal });
    } catch (error) {
      if (isOutOfReach(error)) this.#troubled = this.#clock.now();
      throw error;
    } finally {
      const now = this.#clock.now();
      if (now - pending.since >= slowMs) this.#troubled = now;
      this.#pending.delete(pending);
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof FairleadError && (error.code === 'unreachable' || error.code === 'timeout');
}
