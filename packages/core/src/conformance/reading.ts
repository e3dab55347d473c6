import { expect, vi } from 'vitest';

/** Reads a stream in the background, so that a case can change something and see it told. */
export class Reading<T> {
  readonly #seen: T[] = [];
  readonly #done: Promise<void>;
  #end: 'open' | 'ended' | 'failed' = 'open';

  constructor(stream: AsyncIterable<T>) {
    this.#done = this.#read(stream);
  }

  /** What was told so far. */
  get seen(): readonly T[] {
    return this.#seen;
  }

  /** How the iteration stands. */
  get end(): 'open' | 'ended' | 'failed' {
    return this.#end;
  }

  /** Resolves when the expectation about what was told holds; fails when it does not within the time. */
  async until(expectation: (seen: readonly T[]) => void, timeoutMs = 5_000): Promise<void> {
    await vi.waitFor(() => expectation(this.#seen), { timeout: timeoutMs, interval: 5 });
  }

  /** Resolves when the iteration ended without an error. */
  async ended(): Promise<void> {
    await vi.waitFor(() => expect(this.#end).toBe('ended'), { timeout: 5_000, interval: 5 });
    await this.#done;
  }

  async #read(stream: AsyncIterable<T>): Promise<void> {
    try {
      for await (const item of stream) this.#seen.push(item);
      this.#end = 'ended';
    } catch {
      this.#end = 'failed';
    }
  }
}
