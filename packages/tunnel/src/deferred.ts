/** A promise with its ends in the open. Its rejection never counts as unhandled: whoever cares awaits it. */
export class Deferred<T> {
  /** What the others await. */
  readonly promise: Promise<T>;
  #resolve: (value: T) => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => {});
  }

  /** Fulfils the promise; without effect when it is settled. */
  resolve(value: T): void {
    this.#resolve(value);
  }

  /** Rejects the promise; without effect when it is settled. */
  reject(reason: unknown): void {
    this.#reject(reason);
  }
}
