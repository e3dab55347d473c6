/** Read buffers that are used again, so that bulk traffic makes no garbage. */
export class BufferPool {
  readonly #free: Buffer[] = [];
  readonly #bytes: number;
  readonly #kept: number;

  /** Buffers of this size each; at most `kept` lie ready. */
  constructor(bytes = 65_536, kept = 64) {
    this.#bytes = bytes;
    this.#kept = kept;
  }

  /** A buffer that nobody else uses. Its content is arbitrary. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Gives a buffer back. The caller must not touch it again. */
  give(buffer: Buffer): void {
    if (this.#free.length < this.#kept) this.#free.push(buffer);
  }
}
