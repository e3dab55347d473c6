/** So many bytes for several parties. */
export class Allowance {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes so many, or none. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Takes so many, also when there are not so many left. */
  charge(bytes: number): void {
    this.#left -= bytes;
  }

  /** Whether nothing is left. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Gives so many back. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}
