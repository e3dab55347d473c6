const leastBlockBytes = 1024;
const largestBlockBytes = 64 * 1024;
const noBlock: Buffer = Buffer.alloc(0);

/**
 * Bytes that wait for their consumer. Small pieces are copied together: each would otherwise keep the whole chunk that
 * the transport delivered it in, and a byte here and there would hold megabytes.
 */
export class HeldBytes {
  #pieces: Buffer[] = [];
  #block: Buffer = noBlock;
  /** The part of the block that no piece covers yet starts and ends here. */
  #start = 0;
  #end = 0;
  #bytes = 0;

  /** How many wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts bytes at the end. */
  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (piece.length * 8 >= piece.buffer.byteLength * 7) {
      this.#cut();
      this.#pieces.push(piece);
      return;
    }
    let at = 0;
    while (at < piece.length) {
      if (this.#end === this.#block.length) this.#nextBlock(piece.length - at);
      const taken = piece.copy(this.#block, this.#end, at);
      this.#end += taken;
      at += taken;
    }
  }

  /** Takes all of them out, in order. */
  take(): Buffer[] {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#block = noBlock;
    this.#start = 0;
    this.#end = 0;
    this.#bytes = 0;
    return pieces;
  }

  #nextBlock(needed: number): void {
    this.#cut();
    // As much again as waits already: at most half of what is kept is waste, and blocks are few.
    const size = Math.min(Math.max(needed, this.#bytes, leastBlockBytes), largestBlockBytes);
    this.#block = Buffer.allocUnsafeSlow(size);
    this.#start = 0;
    this.#end = 0;
  }

  #cut(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
