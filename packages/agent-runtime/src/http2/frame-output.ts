/** Frames that leave in one turn are joined up to this size, in bytes. */
const joinedBytes = 65_536;

/** Gathers the frames of one turn, so that they leave in few pieces. */
export class FrameOutput {
  readonly #write: (bytes: Buffer) => void;
  #frames: Buffer[] = [];
  #isScheduled = false;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  /** Sends frames at the end of this turn. */
  write(frames: Buffer): void {
    this.#frames.push(frames);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Frames may leave now; until then they wait for the next {@link flush}. */
  protected get isOpen(): boolean {
    return true;
  }

  /** Sends what was gathered. */
  flush(): void {
    if (this.#frames.length === 0 || !this.isOpen) return;
    const frames = this.#frames;
    this.#frames = [];
    let from = 0;
    let bytes = 0;
    for (let at = 0; at < frames.length; at += 1) {
      const { length } = frames[at] as Buffer;
      if (at > from && bytes + length > joinedBytes) {
        this.#join(frames.slice(from, at));
        from = at;
        bytes = 0;
      }
      bytes += length;
    }
    if (from < frames.length) this.#join(frames.slice(from));
  }

  #join(frames: readonly Buffer[]): void {
    this.#write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
  }
}
