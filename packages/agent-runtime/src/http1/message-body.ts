import { type BodyLength, chunked, untilClose } from './body-length.ts';
import { ChunkedBody } from './chunked-body.ts';

/** Finds the end of one message's body, whatever its framing. */
export class MessageBody {
  readonly #chunks: ChunkedBody | undefined;
  #left: number;

  /** A body of this length, of which nothing was seen yet. */
  constructor(length: BodyLength) {
    this.#chunks = length === chunked ? new ChunkedBody() : undefined;
    this.#left = length === untilClose ? Number.POSITIVE_INFINITY : length;
  }

  /** The last byte was taken; never so for a body without an end of its own. */
  get isDone(): boolean {
    return this.#chunks ? this.#chunks.isDone : this.#left === 0;
  }

  /** Its framing is invalid: where it ends cannot be told. */
  get isBroken(): boolean {
    return this.#chunks?.isBroken ?? false;
  }

  /** It has no end of its own: it lasts until its sender closes the connection. */
  get isEndless(): boolean {
    return this.#left === Number.POSITIVE_INFINITY;
  }

  /** Takes what belongs to the body, from `at` on; returns the index after it. */
  take(data: Uint8Array, at: number): number {
    if (this.#chunks) return this.#chunks.take(data, at);
    const taken = Math.min(this.#left, data.length - at);
    this.#left -= taken;
    return at + taken;
  }
}
