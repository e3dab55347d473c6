import { ProtocolViolation } from './protocol-violation.ts';
import type { TunnelTimers } from './timers.ts';

const allowance = 10_000;
const refillMs = 1000;

/**
 * Counts frames that cost this end work and bring nothing: pings, tiny credits, frames of streams that are over. Some
 * are normal, and each useful frame pays for one; ten thousand in a second beyond that are not.
 */
export class FloodGuard {
  readonly #timers: TunnelTimers;
  #left = allowance;
  #since: number;

  constructor(timers: TunnelTimers) {
    this.#timers = timers;
    this.#since = timers.now();
  }

  /** A useful frame came. */
  earn(frames = 1): void {
    this.#left = Math.min(allowance, this.#left + frames);
  }

  /** A useless one came. Throws when there are too many. */
  spend(): void {
    this.#left -= 1;
    if (this.#left > 0) return;
    const now = this.#timers.now();
    if (now - this.#since < refillMs) throw new ProtocolViolation('too many frames that carry nothing', 'flood');
    this.#since = now;
    this.#left = allowance;
  }
}
