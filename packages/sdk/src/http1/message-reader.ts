import type { RawHeaders } from '../handler/raw-headers.ts';
import { ChunkedBody } from './chunked-body.ts';
import { type Framing, HeadReader, type MessageHead } from './message-head.ts';

/** What a {@link MessageReader} tells, in the order of the bytes. */
export interface MessageEvents {
  /** A head is complete. Returns how its body is framed, or `head-only` when it is no message of its own (1xx). */
  head(head: MessageHead): Framing | 'head-only';
  /** Body bytes, without the framing. */
  body(bytes: Uint8Array): void;
  /** Bytes of the body are missing here. */
  missing(count: number): void;
  /** The message is complete. */
  end(trailers: RawHeaders): void;
  /** What comes cannot be understood, or is no HTTP any more: nothing is told afterwards. */
  lost(): void;
}

/**
 * Reads the HTTP/1 messages of one direction from a copy of its bytes, wherever that is cut. It judges nothing: what it
 * does not understand ends the reading.
 */
export class MessageReader {
  readonly #events: MessageEvents;
  readonly #head = new HeadReader();
  #chunks: ChunkedBody | undefined;
  #left = 0;
  #state: 'head' | 'length' | 'chunked' | 'until-close' | 'lost' = 'head';

  constructor(events: MessageEvents) {
    this.#events = events;
  }

  /** Takes the next bytes. */
  take(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0 && this.#state !== 'lost') rest = this.#step(rest);
  }

  /** So many bytes are missing here. Inside a body that can be made up for, elsewhere nothing can be understood. */
  skip(count: number): void {
    if (this.#state === 'lost' || count === 0) return;
    const fits =
      this.#state === 'until-close' ||
      (this.#state === 'length' && count <= this.#left) ||
      (this.#state === 'chunked' && this.#chunks?.skip(count));
    if (!fits) {
      this.#lose();
      return;
    }
    this.#events.missing(count);
    if (this.#state !== 'length') return;
    this.#left -= count;
    if (this.#left === 0) this.#end([]);
  }

  /** The sender has closed. */
  close(): void {
    if (this.#state === 'until-close') this.#end([]);
    this.#state = 'lost';
  }

  #step(bytes: Uint8Array): Uint8Array {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes);
      case 'length': {
        const piece = bytes.subarray(0, this.#left);
        this.#left -= piece.length;
        this.#events.body(piece);
        if (this.#left === 0) this.#end([]);
        return bytes.subarray(piece.length);
      }
      case 'chunked':
        return this.#takeChunks(bytes);
      case 'until-close':
        this.#events.body(bytes);
        return bytes.subarray(bytes.length);
      case 'lost':
        return bytes.subarray(bytes.length);
    }
  }

  #takeHead(bytes: Uint8Array): Uint8Array {
    const taken = this.#head.take(bytes);
    if (taken === 'incomplete') return bytes.subarray(bytes.length);
    if (taken === 'bad') {
      this.#lose();
      return bytes;
    }
    this.#begin(this.#events.head(taken.head));
    return taken.rest;
  }

  #begin(framing: Framing | 'head-only'): void {
    if (framing === 'head-only') return;
    if (framing === 'not-http') this.#lose();
    else if (framing === 0) this.#end([]);
    else if (framing === 'chunked') {
      this.#chunks = new ChunkedBody((piece) => this.#events.body(piece));
      this.#state = 'chunked';
    } else if (framing === 'until-close') this.#state = 'until-close';
    else {
      this.#left = framing;
      this.#state = 'length';
    }
  }

  #takeChunks(bytes: Uint8Array): Uint8Array {
    const chunks = this.#chunks as ChunkedBody;
    const rest = chunks.take(bytes);
    if (chunks.state === 'bad') this.#lose();
    else if (chunks.state === 'done') this.#end(chunks.trailers);
    return rest;
  }

  #end(trailers: RawHeaders): void {
    this.#state = 'head';
    this.#chunks = undefined;
    this.#events.end(trailers);
  }

  #lose(): void {
    this.#state = 'lost';
    this.#events.lost();
  }
}
