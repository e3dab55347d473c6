/** The sequenced bytes that the peer has not acknowledged, kept to be sent again on a new transport. */
export class RetransmitLog {
  readonly #limitBytes: number;
  #parts: (Buffer | undefined)[] = [];
  #head = 0;
  /** Offsets of the first byte kept, the first one not acknowledged, and the next one to come. */
  #base = 0;
  #acknowledged = 0;
  #end = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes sent and not acknowledged. */
  get bytes(): number {
    return this.#end - this.#acknowledged;
  }

  /** Bytes that may be sent before the peer acknowledges some. */
  get roomBytes(): number {
    return Math.max(0, this.#limitBytes - this.bytes);
  }

  /** Whether nothing more may be sent before the peer acknowledges some. */
  get isFull(): boolean {
    return this.bytes >= this.#limitBytes;
  }

  /** Keeps what was just sent. */
  append(parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.#parts.push(part);
      this.#end += part.length;
    }
  }

  /** Whether the peer can have got so far: not less than it acknowledged, not more than was sent. */
  covers(offset: number): boolean {
    return offset >= this.#acknowledged && offset <= this.#end;
  }

  /** Lets go of everything before the offset, which the peer has. */
  release(offset: number): void {
    this.#acknowledged = offset;
    for (let part = this.#parts[this.#head]; part !== undefined; part = this.#parts[this.#head]) {
      if (this.#base + part.length > offset) break;
      this.#base += part.length;
      this.#parts[this.#head] = undefined;
      this.#head += 1;
    }
    if (this.#head > 64 && this.#head * 2 > this.#parts.length) {
      this.#parts = this.#parts.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Everything from the offset on, which lies in the log. */
  from(offset: number): Buffer[] {
    this.release(offset);
    const rest = this.#parts.slice(this.#head).filter((part) => part !== undefined);
    const first = rest[0];
    if (first !== undefined && offset > this.#base) rest[0] = first.subarray(offset - this.#base);
    return rest;
  }
}
