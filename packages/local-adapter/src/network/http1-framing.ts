/** What a head says about the message behind it. */
export interface HeadFacts {
  readonly startLine: string;
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
  readonly close: boolean;
  readonly upgrade: boolean;
}

/** How the body behind a head ends. */
export type BodyFraming = 'none' | 'chunked' | 'until-close' | number;

/** The most bytes that a head, a chunk size or trailers may have. */
const maxHeadBytes = 256 * 1024;

type State = 'head' | 'body' | 'chunk-size' | 'chunk-end' | 'trailers' | 'until-close';

/**
 * Follows the messages of one direction of an HTTP/1 connection without touching the bytes. `onHead` is asked for each
 * head how its body ends; `onEnd` is told when the message is over. Throws an Error on what is not HTTP/1.
 */
export class Http1Framing {
  readonly #onHead: (head: HeadFacts) => BodyFraming;
  readonly #onEnd: () => void;
  #state: State = 'head';
  #text = '';
  #left = 0;
  #chunked = false;

  constructor(onHead: (head: HeadFacts) => BodyFraming, onEnd: () => void) {
    this.#onHead = onHead;
    this.#onEnd = onEnd;
  }

  /** Between two messages: not one byte of the next has come. */
  get idle(): boolean {
    return this.#state === 'head' && this.#text === '';
  }

  /** Follows the next bytes. */
  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'until-close':
        return chunk.length;
      case 'body':
        return this.#skip(chunk, at);
      case 'head':
        return this.#collect(chunk, at, headEnd, (text) => this.#begin(text));
      case 'chunk-size':
        return this.#collect(chunk, at, lineEnd, (text) => this.#beginChunk(text));
      case 'chunk-end':
        return this.#collect(chunk, at, lineEnd, () => this.#become('chunk-size'));
      case 'trailers':
        return this.#collect(chunk, at, lineEnd, (text) => this.#trailer(text));
    }
  }

  #skip(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#left, chunk.length - at);
    this.#left -= taken;
    if (this.#left === 0) {
      if (this.#chunked) this.#become('chunk-end');
      else this.#end();
    }
    return at + taken;
  }

  /** Gathers text up to `end`, which may be split over chunks, and hands it on without it. */
  #collect(chunk: Buffer, at: number, end: string, done: (text: string) => void): number {
    const before = this.#text.length;
    const text = this.#text + chunk.toString('latin1', at, Math.min(chunk.length, at + maxHeadBytes));
    const found = text.indexOf(end, Math.max(0, before - end.length));
    if (found < 0) {
      if (text.length >= maxHeadBytes) throw new Error('head without an end');
      this.#text = text;
      return chunk.length;
    }
    this.#text = '';
    done(text.slice(0, found));
    return at + found + end.length - before;
  }

  #begin(text: string): void {
    // Empty lines before a request are allowed and mean nothing.
    const head = text.replace(/^(\r\n)+/, '');
    const framing = this.#onHead(readHead(head));
    this.#chunked = framing === 'chunked';
    if (framing === 'chunked') this.#become('chunk-size');
    else if (framing === 'until-close') this.#become('until-close');
    else if (framing === 'none' || framing === 0) this.#end();
    else {
      this.#left = framing;
      this.#become('body');
    }
  }

  #beginChunk(text: string): void {
    const size = /^[0-9a-fA-F]{1,12}(?=[\s;]|$)/.exec(text)?.[0];
    if (size === undefined) throw new Error('no chunk size');
    this.#left = Number.parseInt(size, 16);
    this.#become(this.#left === 0 ? 'trailers' : 'body');
  }

  #trailer(text: string): void {
    if (text === '') this.#end();
  }

  #end(): void {
    this.#chunked = false;
    this.#become('head');
    this.#onEnd();
  }

  #become(state: State): void {
    this.#state = state;
  }
}

const lineEnd = '\r\n';
const headEnd = '\r\n\r\n';

function readHead(text: string): HeadFacts {
  const lines = text.split(lineEnd);
  let contentLength: number | undefined;
  let chunked = false;
  let close = false;
  let upgrade = false;
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') {
      if (!/^\d{1,15}$/.test(value)) throw new Error('no content length');
      contentLength = Number(value);
    } else if (name === 'transfer-encoding') chunked = /chunked\s*$/i.test(value);
    else if (name === 'connection') close = /(^|,)\s*close\s*(,|$)/i.test(value);
    else if (name === 'upgrade') upgrade = true;
  }
  return { startLine: lines[0] ?? '', contentLength, chunked, close, upgrade };
}
