import type { TapStats } from './tap-intake.ts';

/** What an item costs beside its bytes, so that many small ones do not fill the memory. */
const itemBytes = 256;

interface Item<T> {
  readonly value: T;
  readonly bytes: number;
}

/** Items on their way to one reader, bounded in bytes. Who would exceed the bound is told no, or waits. */
export class TapQueue<T> {
  readonly #limit: number;
  readonly #items: Item<T>[] = [];
  readonly #stats = { seen: 0, delivered: 0, dropped: 0 };
  #held = 0;
  #end: { readonly error: Error | undefined } | undefined;
  /** Wakes the reader and those that wait for room. */
  #changed: (() => void)[] = [];

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** How complete the copy is. */
  get stats(): Omit<TapStats, 'truncated'> {
    return { ...this.#stats };
  }

  /** Whether nothing more is taken at the moment. */
  get isFull(): boolean {
    return this.#held >= this.#limit;
  }

  /** Adds an item with so many bytes of traffic. False when there is no room: then they are dropped. */
  offer(value: T, bytes: number): boolean {
    if (this.#end || this.isFull) {
      this.missed(bytes);
      return false;
    }
    this.#stats.seen += bytes;
    this.#add({ value, bytes });
    return true;
  }

  /** Adds an item as soon as there is room. After the end it does nothing. */
  async put(value: T): Promise<void> {
    while (this.isFull && !this.#end) await this.#change();
    if (!this.#end) this.#add({ value, bytes: 0 });
  }

  /** Counts bytes that do not come. */
  missed(bytes: number): void {
    this.#stats.seen += bytes;
    this.#stats.dropped += bytes;
  }

  /** Takes nothing more. What is here can still be read; then the reading ends, or fails with the error. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** The items in order. When the reading is left, what is here is thrown away. */
  async *read(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item) {
          this.#held -= item.bytes + itemBytes;
          this.#stats.delivered += item.bytes;
          this.#wake();
          yield item.value;
        } else if (this.#end) {
          if (this.#end.error) throw this.#end.error;
          return;
        } else await this.#change();
      }
    } finally {
      this.end();
      for (const { bytes } of this.#items.splice(0)) this.#stats.dropped += bytes;
    }
  }

  #add(item: Item<T>): void {
    this.#held += item.bytes + itemBytes;
    this.#items.push(item);
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}
