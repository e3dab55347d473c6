import type { TunnelTimers } from '../timers.ts';
import { settled } from './settled.ts';

interface Entry {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that moves when told to. */
export class ManualTimers implements TunnelTimers {
  #now = 0;
  #next = 1;
  readonly #entries: Map<number, Entry> = new Map();

  /** Timers that are set. */
  get pending(): number {
    return this.#entries.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): number {
    const handle = this.#next++;
    this.#entries.set(handle, { at: this.#now + ms, callback });
    return handle;
  }

  clearTimeout(handle: unknown): void {
    this.#entries.delete(handle as number);
  }

  /** Lets time pass without any timer noticing, as when the program stands still. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  /** Moves time, stopping at each timer on the way until what it caused has come to rest. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#entries].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [handle, { at, callback }] = due;
      this.#entries.delete(handle);
      this.#now = Math.max(this.#now, at);
      callback();
      await settled();
    }
    this.#now = end;
    await settled();
  }
}
