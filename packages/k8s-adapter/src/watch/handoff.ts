/**
 * Hands values from producers to one consumer: each producer waits until its value was taken, so nothing piles up between
 * a fast server and a slow reader.
 */
export class Handoff<T> implements AsyncIterable<T> {
  readonly #offers: { readonly value: T; readonly taken: () => void }[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error?: unknown } | undefined;

  /** Resolves when the value was taken, or when nobody takes values any more. */
  give(value: T): Promise<void> {
    if (this.#end) return Promise.resolve();
    return new Promise((taken) => {
      this.#offers.push({ value, taken });
      this.#wake?.();
    });
  }

  /** No value comes any more; the consumer's loop ends, with the error if there is one. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const offer = this.#offers.shift();
        if (offer) {
          offer.taken();
          yield offer.value;
        } else if (this.#end) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
        }
      }
    } finally {
      this.end();
      for (const { taken } of this.#offers.splice(0)) taken();
    }
  }
}
