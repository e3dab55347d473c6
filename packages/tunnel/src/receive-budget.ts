/** The part of a session's receive budget into which windows may grow. */
export class ReceiveBudget {
  readonly #total: number;
  #free: number;

  constructor(totalBytes: number) {
    this.#total = totalBytes;
    this.#free = totalBytes;
  }

  /** Bytes that no window has taken. */
  get free(): number {
    return this.#free;
  }

  /** Whether so little is left that windows above their start should shrink. */
  get isScarce(): boolean {
    return this.#free * 8 < this.#total;
  }

  /** Takes up to `wanted`, never more than half of what is left, so that later streams find something too. */
  take(wanted: number): number {
    const granted = Math.min(wanted, Math.floor(this.#free / 2));
    this.#free -= granted;
    return granted;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#free += bytes;
  }
}
