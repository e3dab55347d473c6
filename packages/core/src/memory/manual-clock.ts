import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import { sleepBy } from '../sleep.ts';

/** Options of {@link ManualClock}. */
export interface ManualClockOptions {
  /** What `now()` says at first, in milliseconds since the epoch. Default 0. */
  readonly startAt?: number;
  /**
   * Lets what a timer set off run on, before the next timer is due. Default: some turns of the microtask queue. Hand in
   * one that waits for a `setImmediate` where sockets or other real I/O take part.
   */
  readonly settle?: () => Promise<void>;
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  readonly #settle: () => Promise<void>;
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>();
  #now: number;

  constructor(options: ManualClockOptions = {}) {
    this.#now = options.startAt ?? 0;
    this.#settle = options.settle ?? turns;
  }

  /** Timers and sleepers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, options?: CallOptions): Promise<void> {
    return sleepBy((delay, action) => this.after(delay, action), ms, options);
  }

  after(ms: number, action: () => void): Disposable {
    const timer = { at: this.#now + Math.max(0, ms), action };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /**
   * Moves the time on by `ms`. Every timer due on the way fires at its own time, earlier ones first and equal ones in the
   * order in which they were set; timers set on the way fire too when they fall due.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.action();
      await this.#settle();
    }
    this.#now = end;
  }

  #next(end: number): { readonly at: number; readonly action: () => void } | undefined {
    let next: { readonly at: number; readonly action: () => void } | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    }
    return next;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}
