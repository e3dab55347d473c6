import type { RawHeaders } from '../handler/raw-headers.ts';

/** The longest line between chunks, and the most of all trailers, in bytes. */
const maxLineBytes = 64 * 1024;

/** Takes the chunks off a body, wherever the bytes are cut. */
export class ChunkedBody {
  state: 'open' | 'done' | 'bad' = 'open';
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #trailers: string[] = [];
  #line = '';
  #left = 0;
  #expects: 'size' | 'data' | 'data-end' | 'trailer' = 'size';

  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }

  /** The trailers that came. */
  get trailers(): RawHeaders {
    return this.#trailers;
  }

  /** Takes what belongs to the body; returns what is behind it. */
  take(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    while (rest.length > 0 && this.state === 'open')
      rest = this.#expects === 'data' ? this.#data(rest) : this.#lineOf(rest);
    return rest;
  }

  /** Leaves out bytes that are missing. False when they are not all inside one chunk. */
  skip(count: number): boolean {
    if (this.#expects !== 'data' || count > this.#left) return false;
    this.#left -= count;
    if (this.#left === 0) this.#expects = 'data-end';
    return true;
  }

  #data(bytes: Uint8Array): Uint8Array {
    const piece = bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#onBytes(piece);
    if (this.#left === 0) this.#expects = 'data-end';
    return bytes.subarray(piece.length);
  }

  #lineOf(bytes: Uint8Array): Uint8Array {
    const end = bytes.indexOf(0x0a);
    this.#line += Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
    if (this.#line.length > maxLineBytes) this.state = 'bad';
    if (end < 0) return bytes.subarray(bytes.length);
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    this.#read(line);
    return bytes.subarray(end + 1);
  }

  #read(line: string): void {
    if (this.#expects === 'data-end') {
      this.#expects = 'size';
      if (line !== '') this.state = 'bad';
    } else if (this.#expects === 'size') {
      const size = /^[0-9a-f]{1,12}(?=\s*(?:;|$))/i.exec(line);
      this.#left = size ? Number.parseInt(size[0], 16) : 0;
      this.#expects = this.#left > 0 ? 'data' : 'trailer';
      if (!size) this.state = 'bad';
    } else if (line === '') this.state = 'done';
    else this.#trailer(line);
  }

  #trailer(line: string): void {
    const colon = line.indexOf(':');
    if (colon > 0) this.#trailers.push(line.slice(0, colon), line.slice(colon + 1).trim());
    if (colon < 1 || this.#trailers.length > 256) this.state = 'bad';
  }
}
