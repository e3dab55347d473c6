/** What the app has to do with on one client connection. */
export class AppStreams {
  /** The highest number of a stream that the app got. */
  highest = 0;
  /** Streams that the app got and has not ended. */
  readonly #open = new Set<number>();

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The app gets a stream. */
  begin(id: number): void {
    this.highest = id;
    this.#open.add(id);
  }

  /** It is over, whoever ended it. */
  end(id: number): void {
    this.#open.delete(id);
  }

  /** Those after that number. */
  after(id: number): readonly number[] {
    return [...this.#open].filter((open) => open > id);
  }
}
