import type { TunnelLimits } from './limits.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import type { ReceiveBudget } from './receive-budget.ts';

/** What the windows of a session share. */
export interface WindowTerms {
  /** Initial, start and largest size. */
  readonly limits: TunnelLimits;
  /** Where growth comes from. */
  readonly budget: ReceiveBudget;
  /** The present time in milliseconds. */
  now(): number;
  /** The round trip in milliseconds, undefined while unknown. */
  roundTripMs(): number | undefined;
}

/** A growth needs this much more throughput to be kept. */
const worthwhile = 1.25;

/**
 * The credit given to the sender of one stream. Its size is what the sender may have on its way plus what waits for
 * the consumer.
 *
 * It doubles when it was used up within two round trips, since then it may be the window that slows. Round trips
 * measured under load contain queues that a larger window only lengthens; so a growth that brought no throughput is
 * taken back, and not tried again before there is more throughput anyway.
 */
export class ReceiveWindow {
  readonly #terms: WindowTerms;
  #size: number;
  /** Bytes that the sender may still send. */
  #credit: number;
  /** Bytes consumed and not given back. */
  #owed = 0;
  /** Taken from the budget. */
  #borrowed = 0;
  /** Consumed since the present measurement began. */
  #measured = 0;
  #measuredSince: number;
  /** The window in which the sender learns of a growth is slow yet, and measures nothing. */
  #isSettling = false;
  /** The last growth while it is on trial: size and rate before it. */
  #trial: { readonly size: number; readonly rate: number } | undefined;
  /** Bytes per millisecond from which on growth is worth a try. */
  #leastRate = 0;

  constructor(terms: WindowTerms) {
    this.#terms = terms;
    this.#size = terms.limits.initialWindowBytes;
    this.#credit = this.#size;
    this.#measuredSince = terms.now();
  }

  /** The present size in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Bytes came in. Throws when they are more than the credit. */
  take(bytes: number): void {
    this.#credit -= bytes;
    if (this.#credit < 0) throw new ProtocolViolation(`${-this.#credit} bytes beyond the credit`, 'flow-control');
  }

  /** The consumer took bytes. Returns the credit to announce, 0 while less than half a window has come together. */
  consume(bytes: number): number {
    this.#owed += bytes;
    if (this.#owed * 2 < this.#size) return 0;
    const consumed = this.#owed;
    this.#owed = 0;
    const wanted = this.#wantedSize(consumed);
    const change = wanted >= this.#size ? this.#grow(wanted) : this.#shrink(wanted, consumed);
    this.#credit += consumed + change;
    return consumed + change;
  }

  /** Gives everything borrowed back to the budget. */
  close(): void {
    this.#terms.budget.give(this.#borrowed);
    this.#borrowed = 0;
  }

  #wantedSize(consumed: number): number {
    const { limits, budget } = this.#terms;
    const now = this.#terms.now();
    if (this.#size < limits.startWindowBytes) {
      this.#measuredSince = now;
      this.#isSettling = true;
      return limits.startWindowBytes;
    }
    if (budget.isScarce && this.#size > limits.startWindowBytes) return limits.startWindowBytes;
    this.#measured += consumed;
    if (this.#measured < this.#size) return this.#size;
    const elapsedMs = Math.max(now - this.#measuredSince, 0.001);
    const rate = this.#measured / elapsedMs;
    this.#measured = 0;
    this.#measuredSince = now;
    if (this.#isSettling) {
      this.#isSettling = false;
      return this.#size;
    }
    return this.#trial === undefined ? this.#tryGrowth(rate, elapsedMs) : this.#judgeGrowth(this.#trial, rate);
  }

  #tryGrowth(rate: number, elapsedMs: number): number {
    const roundTripMs = this.#terms.roundTripMs();
    if (roundTripMs === undefined || elapsedMs > 2 * roundTripMs || rate < this.#leastRate) return this.#size;
    const wanted = Math.min(this.#size * 2, this.#terms.limits.maxWindowBytes);
    if (wanted <= this.#size) return this.#size;
    this.#trial = { size: this.#size, rate };
    this.#isSettling = true;
    return wanted;
  }

  #judgeGrowth(trial: { readonly size: number; readonly rate: number }, rate: number): number {
    this.#trial = undefined;
    if (rate >= trial.rate * worthwhile) return this.#size;
    this.#leastRate = trial.rate * worthwhile;
    return trial.size;
  }

  #grow(wanted: number): number {
    const granted = wanted > this.#size ? this.#terms.budget.take(wanted - this.#size) : 0;
    this.#borrowed += granted;
    this.#size += granted;
    return granted;
  }

  /** Gives less back than was consumed; credit once given cannot be taken back. */
  #shrink(wanted: number, consumed: number): number {
    const returned = Math.min(this.#size - wanted, consumed, this.#borrowed);
    this.#terms.budget.give(returned);
    this.#borrowed -= returned;
    this.#size -= returned;
    return -returned;
  }
}
