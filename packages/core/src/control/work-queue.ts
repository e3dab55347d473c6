import type { Clock } from '../ports/clock.ts';

/** What a {@link WorkQueue} needs. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Does what there is to do for the key, however often that was asked for meanwhile. */
  readonly handle: (key: string, signal: AbortSignal) => Promise<void>;
  /** Called when `handle` failed; it is tried again after `retryMs`. */
  readonly onFailure?: (key: string, error: unknown, retryMs: number) => void;
  /** The first pause after a failure; it doubles with each further one. Default 250. */
  readonly firstRetryMs?: number;
  /** The longest pause. Default 10 000. Whatever is added meanwhile shortens it to the first. */
  readonly maxRetryMs?: number;
}

/**
 * Work by key: one at a time per key, different keys at once. What is added while its key is being worked on is worked
 * on afterwards, once: it coalesces, but nothing is dropped.
 */
export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  /** Of each key that is being worked on. One signal for all would have to keep a listener for every call under way. */
  readonly #stops = new Map<string, AbortController>();
  #isOver = false;
  /** Keys being worked on; true: they have to be looked at again. */
  readonly #again = new Map<string, boolean>();
  readonly #runs = new Set<Promise<void>>();
  /** Of keys that pause: shortens the pause. */
  readonly #nudges = new Map<string, () => void>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that are being worked on or wait for another try. */
  get size(): number {
    return this.#again.size;
  }

  /** Asks for work on the key. Does nothing once disposed. */
  add(key: string): void {
    if (this.#isOver) return;
    if (this.#again.has(key)) {
      this.#again.set(key, true);
      this.#nudges.get(key)?.();
      return;
    }
    this.#again.set(key, true);
    const run = this.#run(key).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  /** Aborts what is being done and resolves when it has ended. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const stop of this.#stops.values()) stop.abort(new Error('the work queue has ended'));
    await Promise.all(this.#runs);
  }

  async #run(key: string): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    this.#stops.set(key, stop);
    let failures = 0;
    await Promise.resolve();
    while (this.#again.get(key) === true && !signal.aborted) {
      this.#again.set(key, false);
      try {
        await this.#options.handle(key, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        this.#again.set(key, true);
        await this.#pause(key, error, failures++, signal);
      }
    }
    this.#again.delete(key);
    this.#stops.delete(key);
  }

  async #pause(key: string, error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { clock, firstRetryMs = 250, maxRetryMs = 10_000, onFailure } = this.#options;
    const retryMs = Math.min(maxRetryMs, firstRetryMs * 2 ** failures);
    onFailure?.(key, error, retryMs);
    const over = new AbortController();
    const onStop = (): void => over.abort();
    signal.addEventListener('abort', onStop, { once: true });
    if (signal.aborted) onStop();
    const nudged = new Promise<void>((resolve) => this.#nudges.set(key, resolve));
    const wait = (ms: number): Promise<void> => clock.sleep(ms, { signal: over.signal }).catch(() => {});
    await Promise.race([wait(retryMs), nudged.then(() => wait(firstRetryMs))]);
    this.#nudges.delete(key);
    over.abort();
    signal.removeEventListener('abort', onStop);
  }
}
