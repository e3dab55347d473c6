import { FairleadError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';

/** Options of {@link ChangeFeed}. */
export interface ChangeFeedOptions {
  /** How many changes a reader may be behind before its iteration fails. Default 10 000. */
  readonly limit?: number;
}

/** Options of {@link ChangeFeed.subscribe}. */
export interface SubscribeOptions<T> extends CallOptions {
  /** Told before any change, in this order. Default nothing. */
  readonly snapshot?: Iterable<T>;
  /** Which changes this reader gets. Default all. */
  readonly only?: (change: T) => boolean;
}

/**
 * Tells changes to any number of readers, each at its own pace. Subscribing takes the snapshot and joins in one step, so
 * nothing is lost or told twice between the two. A reader that falls too far behind is told so and starts anew.
 */
export class ChangeFeed<T> {
  readonly #readers = new Set<Reader<T>>();
  readonly #limit: number;

  constructor(options: ChangeFeedOptions = {}) {
    this.#limit = options.limit ?? 10_000;
  }

  /** Readers whose iteration has not ended. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Tells every reader that wants it. */
  publish(change: T): void {
    for (const reader of this.#readers) reader.push(change);
  }

  /**
   * The snapshot, then every change from now on, until the signal aborts or the loop is left. For one `for await`. Fails
   * with `connection-lost` when the reader fell behind by more than the limit.
   */
  subscribe(options: SubscribeOptions<T> = {}): AsyncIterableIterator<T> {
    return new Reader(options, this.#limit, this.#readers);
  }
}

interface Waiter<T> {
  resolve(result: IteratorResult<T>): void;
  reject(reason: Error): void;
}

class Reader<T> implements AsyncIterableIterator<T> {
  readonly #queue: T[];
  readonly #limit: number;
  readonly #only: (change: T) => boolean;
  readonly #waiters: Waiter<T>[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #readers: Set<Reader<T>>;
  readonly #end = (): void => this.#close();
  #open = true;
  #failure: FairleadError | undefined;

  constructor(options: SubscribeOptions<T>, limit: number, readers: Set<Reader<T>>) {
    this.#queue = [...(options.snapshot ?? [])];
    this.#limit = limit + this.#queue.length;
    this.#only = options.only ?? (() => true);
    this.#signal = options.signal;
    this.#readers = readers.add(this);
    if (options.signal?.aborted) this.#close();
    else options.signal?.addEventListener('abort', this.#end, { once: true });
  }

  push(change: T): void {
    if (!this.#only(change)) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve({ done: false, value: change });
    else if (this.#queue.length < this.#limit) this.#queue.push(change);
    else this.#close(new FairleadError('connection-lost', `the reader fell behind by ${this.#limit} changes`));
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#queue.length > 0) return Promise.resolve({ done: false, value: this.#queue.shift() as T });
    const failure = this.#failure;
    if (failure) {
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (!this.#open) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(failure?: FairleadError): void {
    this.#open = false;
    this.#failure = failure;
    this.#queue.length = 0;
    this.#readers.delete(this);
    this.#signal?.removeEventListener('abort', this.#end);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }
}
