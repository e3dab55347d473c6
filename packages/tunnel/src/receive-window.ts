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

/**
 * The credit given to the sender of one stream. Its size is what the sender may have on its way plus what waits for
 * the consumer. It grows when the sender used it up within two round trips, since then it is the window that slows.
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
  #measuredSince: number;
  #measured = 0;

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
    const increment = consumed + this.#adjust(consumed);
    this.#credit += increment;
    return increment;
  }

  /** Gives everything borrowed back to the budget. */
  close(): void {
    this.#terms.budget.give(this.#borrowed);
    this.#borrowed = 0;
  }

  /** By how much the window grows, or shrinks when negative. */
  #adjust(consumed: number): number {
    const { limits, budget } = this.#terms;
    if (this.#size < limits.startWindowBytes) return this.#grow(limits.startWindowBytes - this.#size);
    if (budget.isScarce && this.#size > limits.startWindowBytes) {
      return this.#shrink(Math.min(consumed, this.#size - limits.startWindowBytes));
    }
    return this.#isUsedUpFast(consumed) ? this.#grow(Math.min(this.#size, limits.maxWindowBytes - this.#size)) : 0;
  }

  #isUsedUpFast(consumed: number): boolean {
    const roundTripMs = this.#terms.roundTripMs();
    if (roundTripMs === undefined) return false;
    const now = this.#terms.now();
    const isFast = now - this.#measuredSince <= 2 * roundTripMs;
    this.#measured += consumed;
    const isWindow = this.#measured >= this.#size;
    if (isWindow || !isFast) {
      this.#measured = 0;
      this.#measuredSince = now;
    }
    return isWindow && isFast;
  }

  #grow(wanted: number): number {
    const granted = wanted > 0 ? this.#terms.budget.take(wanted) : 0;
    this.#borrowed += granted;
    this.#size += granted;
    return granted;
  }

  #shrink(bytes: number): number {
    const returned = Math.min(bytes, this.#borrowed);
    this.#terms.budget.give(returned);
    this.#borrowed -= returned;
    this.#size -= returned;
    return -returned;
  }
}
