const nothing: Buffer = Buffer.alloc(0);

/**
 * The client's bytes that are being read: how far they were understood, and how far they were passed on. Without matches
 * on the port, bytes are passed on before they are read. Between two chunks it holds the incomplete head of a request.
 */
export class RequestWindow {
  /** The bytes. */
  data: Buffer = nothing;
  /** How far they were understood and decided. */
  at = 0;
  /** How far they were passed on. */
  sent = 0;

  /** Bytes are held that nobody got. */
  get hasUnsent(): boolean {
    return this.data.length > this.sent;
  }

  /** Nothing is held. */
  get isEmpty(): boolean {
    return this.data.length === 0;
  }

  /** Not all was understood yet. */
  get hasMore(): boolean {
    return this.at < this.data.length;
  }

  /** Somebody has bytes of the request that begins here: it was decided before it was understood. */
  get isCommitted(): boolean {
    return this.sent > this.at;
  }

  /** More bytes came. */
  append(bytes: Buffer): void {
    this.data = this.data.length > 0 ? Buffer.concat([this.data, bytes]) : bytes;
  }

  /** What was not passed on, up to there; it counts as passed on from now on. */
  unsent(to: number): Buffer | undefined {
    if (to <= this.sent) return undefined;
    const bytes = this.sent === 0 && to === this.data.length ? this.data : this.data.subarray(this.sent, to);
    this.sent = to;
    return bytes;
  }

  /** Forgets what was understood. */
  shift(): void {
    this.data = this.hasMore ? this.data.subarray(this.at) : nothing;
    this.sent = Math.max(0, this.sent - this.at);
    this.at = 0;
  }

  /** Takes out what was not understood. */
  take(): Buffer {
    const rest = this.data.subarray(this.at);
    this.data = nothing;
    this.at = 0;
    this.sent = 0;
    return rest;
  }
}
