import { TunnelError } from './tunnel-error.ts';

/**
 * The first bytes of a stream, kept until it is known whether the other end takes it. Keep what you write; when
 * `accepted` resolves, `release`; when it rejects with a refusal, `take` them and send them elsewhere.
 */
export class ReplayBuffer {
  readonly #limitBytes: number;
  #chunks: Buffer[] | undefined = [];
  #bytes = 0;

  /** @param limitBytes the most it keeps, 64 KiB by default */
  constructor(limitBytes: number = 64 * 1024) {
    this.#limitBytes = limitBytes;
  }

  /** How many more bytes it takes. Pause the source at 0 and go on when the stream was accepted. */
  get room(): number {
    return this.#chunks === undefined ? Number.POSITIVE_INFINITY : this.#limitBytes - this.#bytes;
  }

  /** Keeps a copy; nothing after `release`. Throws `replay-overflow`, keeping nothing of the chunk, when it exceeds `room`. */
  keep(chunk: Uint8Array): void {
    if (this.#chunks === undefined) return;
    if (chunk.length > this.room) {
      throw new TunnelError('replay-overflow', `${chunk.length} bytes do not fit in the remaining ${this.room}`);
    }
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
  }

  /** Forgets everything, and keeps nothing more: the other end has the bytes. */
  release(): void {
    this.#chunks = undefined;
    this.#bytes = 0;
  }

  /** Hands out everything in order, and keeps nothing more. Empty after `release`. */
  take(): Buffer[] {
    const chunks = this.#chunks ?? [];
    this.release();
    return chunks;
  }
}
