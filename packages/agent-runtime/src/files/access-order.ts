/** Lets what only looks at a thing happen at once, and what changes it alone, all in the order in which they came. */
export class AccessOrder {
  #lastAlone: Promise<unknown> = Promise.resolve();
  #together = new Set<Promise<unknown>>();

  /** Beside others that only look. */
  together<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#lastAlone.then(run);
    const together = this.#together;
    const settled: Promise<unknown> = running.catch(() => {}).finally(() => together.delete(settled));
    together.add(settled);
    return running;
  }

  /** After everything that came before, and before everything that comes after. */
  alone<T>(run: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#lastAlone, ...this.#together]);
    this.#together = new Set();
    const running = before.then(run);
    this.#lastAlone = running.catch(() => {});
    return running;
  }
}
