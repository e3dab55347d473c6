import type { RawHeaders } from '../handler/raw-headers.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const headerBytes = 9;
/** The traffic-agent copies data in frames of 16 KiB; only what belongs to no copy of its is longer. */
const mostPayloadBytes = 1 << 18;
const data = 0;
const headers = 1;
const rstStream = 3;
const continuation = 9;
const endStream = 1;
const endHeaders = 4;

/** What the frames of one direction say. */
export interface CopiedFrames {
  /** The fields of a head, pseudo-headers first, or those after a body. */
  fields(stream: number, raw: RawHeaders, isLast: boolean): void;
  /** A part of a body. */
  data(stream: number, bytes: Uint8Array, isLast: boolean): void;
  /** The stream was ended before its time. */
  reset(stream: number): void;
}

/**
 * Reads one direction of a copied connection of HTTP/2. Copies spell their header blocks out, so it needs no tables.
 * Throws a RangeError on what is no such copy.
 */
export class CopiedFrameReader {
  readonly #told: CopiedFrames;
  #rest: Buffer = Buffer.alloc(0);
  #hasBegun: boolean;
  #block: Buffer = Buffer.alloc(0);
  #isLast = false;

  constructor(direction: 'request' | 'response', told: CopiedFrames) {
    this.#told = told;
    this.#hasBegun = direction === 'response';
  }

  /** Reads on. */
  take(bytes: Uint8Array): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : Buffer.from(bytes);
    if (!this.#hasBegun) {
      if (this.#rest.length < preface.length) return;
      if (this.#rest.toString('latin1', 0, preface.length) !== preface) throw new RangeError('no copy of HTTP/2');
      this.#rest = this.#rest.subarray(preface.length);
      this.#hasBegun = true;
    }
    while (this.#rest.length >= headerBytes) {
      const end = headerBytes + this.#rest.readUIntBE(0, 3);
      if (end > mostPayloadBytes) throw new RangeError(`a frame of ${end} bytes`);
      if (this.#rest.length < end) return;
      const frame = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#takeFrame(frame[3] as number, frame[4] as number, frame.readUInt32BE(5), frame.subarray(headerBytes));
    }
  }

  #takeFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === data) this.#told.data(stream, payload, (flags & endStream) !== 0);
    else if (type === rstStream) this.#told.reset(stream);
    else if (type === headers || type === continuation) {
      if (type === headers) this.#isLast = (flags & endStream) !== 0;
      this.#block = Buffer.concat([type === headers ? Buffer.alloc(0) : this.#block, payload]);
      if (this.#block.length > mostPayloadBytes) throw new RangeError('a head without end');
      if (flags & endHeaders) this.#told.fields(stream, spelled(this.#block), this.#isLast);
    }
  }
}

/** The names and values of a block that spells them out. */
function spelled(block: Buffer): RawHeaders {
  const raw: string[] = [];
  let at = 0;
  const text = (): string => {
    let length = (block[at++] ?? 255) & 127;
    if (length === 127) {
      for (let scale = 1, octet = 128; octet >= 128; scale *= 128) {
        octet = block[at++] ?? 0;
        length += (octet & 127) * scale;
      }
    }
    if (at + length > block.length) throw new RangeError('a text without end');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  while (at < block.length) {
    if ((block[at++] as number) & 0xef) throw new RangeError('a header that is not spelled out');
    raw.push(text(), text());
  }
  return raw;
}
