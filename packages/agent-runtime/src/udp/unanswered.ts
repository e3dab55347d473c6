import type { Clock } from '@fairlead/core';

/** The datagrams that were sent lately and may have to be sent to somebody else. */
export class Unanswered {
  readonly #clock: Clock;
  readonly #lastMs: number;
  readonly #most: number;
  #entries: { readonly datagram: Buffer; readonly at: number }[] = [];
  #bytes = 0;

  /** Keeps what is younger than `lastMs`, and no more than `most` bytes of it. */
  constructor(clock: Clock, lastMs: number, most: number) {
    this.#clock = clock;
    this.#lastMs = lastMs;
    this.#most = most;
  }

  /** Keeps a datagram, unless there are too many bytes already. */
  add(datagram: Buffer): boolean {
    this.#forget();
    if (this.#bytes + datagram.length > this.#most) return false;
    this.#entries.push({ datagram, at: this.#clock.now() });
    this.#bytes += datagram.length;
    return true;
  }

  /** One was answered: most likely the oldest. */
  answered(): void {
    this.#bytes -= this.#entries.shift()?.datagram.length ?? 0;
  }

  /** What is kept, oldest first. */
  list(): readonly Buffer[] {
    this.#forget();
    return this.#entries.map(({ datagram }) => datagram);
  }

  /** As {@link list}, and nothing is kept any more. */
  take(): readonly Buffer[] {
    const taken = this.list();
    this.#entries = [];
    this.#bytes = 0;
    return taken;
  }

  #forget(): void {
    const since = this.#clock.now() - this.#lastMs;
    while (this.#entries[0] && this.#entries[0].at < since) this.answered();
  }
}
