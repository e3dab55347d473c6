/** Lets what only looks at a thing happen at once, and what changes it alone, all in the order in which they came. */
export class AccessOrder {
  #lastAlone: Promise<unknown> = Promise.resolve();
  #together: Promise<unknown>[] = [];

  /** Beside others that only look. */
  together<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#lastAlone.then(run);
    this.#together.push(running.catch(() => {}));
    return running;
  }

  /** After everything that came before, and before everything that comes after. */
  alone<T>(run: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#lastAlone, ...this.#together]);
    this.#together = [];
    const running = before.then(run);
    this.#lastAlone = running.catch(() => {});
    return running;
  }
}
