/** The last bytes sent to a party, kept in case another one must get them. Positions count from the first byte ever. */
export class ReplayBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #start = 0;
  #end = 0;
  #stopped = false;

  /** Forgets all that it has when more bytes come while it keeps `limit` or more. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The position after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** How many bytes are kept. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Keeps these bytes. The caller must not change them afterwards. */
  append(bytes: Buffer): void {
    const isFull = this.#stopped || this.size >= this.#limit;
    this.#end += bytes.length;
    if (isFull) this.#forget();
    else this.#chunks.push(bytes);
  }

  /** Everything sent since that position; undefined when some of it was forgotten. */
  since(position: number): readonly Buffer[] | undefined {
    if (position < this.#start) return undefined;
    this.trim(position);
    return this.#chunks;
  }

  /** Forgets what lies before that position. */
  trim(position: number): void {
    while (this.#start < position) {
      const first = this.#chunks[0] as Buffer;
      const over = position - this.#start;
      if (over < first.length) this.#chunks[0] = first.subarray(over);
      else this.#chunks.shift();
      this.#start += Math.min(over, first.length);
    }
  }

  /** Keeps nothing from now on. */
  stop(): void {
    this.#stopped = true;
    this.#forget();
  }

  #forget(): void {
    this.#chunks = [];
    this.#start = this.#end;
  }
}
