import type { Duplex } from 'node:stream';
import type { Clock } from '@fairlead/core';

/** The streams that are being served, so that an end can wait for them. */
export class OpenStreams {
  readonly #clock: Clock;
  readonly #open = new Set<Duplex>();
  #whenEmpty: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** Counts a stream until it is closed. */
  add(stream: Duplex): void {
    this.#open.add(stream);
    stream.once('close', () => {
      this.#open.delete(stream);
      if (this.#open.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    });
  }

  /** Resolves when all have ended; those that have not after `graceMs` are cut. */
  async drain(graceMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve);
    });
    using _ = this.#clock.after(graceMs, () => {
      for (const stream of this.#open) stream.destroy();
    });
    await empty;
  }
}
