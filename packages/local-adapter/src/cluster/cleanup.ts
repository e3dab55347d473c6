/** What was opened, so that it can be closed in reverse order, whatever fails on the way. */
export class Cleanup implements AsyncDisposable {
  readonly #actions: (() => Promise<void> | void)[] = [];

  /** Does this when disposed, before everything that was added earlier. */
  add(action: () => Promise<void> | void): void {
    this.#actions.push(action);
  }

  /** Disposes of the value when disposed itself. */
  use<T extends AsyncDisposable>(value: T): T {
    this.add(async () => {
      await value[Symbol.asyncDispose]();
    });
    return value;
  }

  /** Does everything once. Fails, after all was tried, with the first failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const action of this.#actions.splice(0).reverse()) {
      try {
        await action();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
