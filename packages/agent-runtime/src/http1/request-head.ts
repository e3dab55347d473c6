import type { RequestView } from '@fairlead/core';
import { type BodyLength, chunked } from './body-length.ts';
import { closesAfter } from './connection-header.ts';
import type { HeadScanner } from './head-scanner.ts';
import { type RequestLine, readRequestLine } from './request-line.ts';

/** What may make the connection something other than HTTP/1, should the answer agree. */
export type ProtocolSwitch = 'upgrade' | 'connect';

/** The head of one HTTP/1 request: what framing needs of it, and what matches ask for, read from the bytes on demand. */
export class RequestHead implements RequestView {
  readonly body: BodyLength;
  /** The protocols that the client offers to change to, as sent; empty without an effective Upgrade header. */
  readonly upgrade: string;
  /** The client says that it sends no further request on this connection. */
  readonly closes: boolean;
  readonly #line: RequestLine;
  readonly #data: Buffer;
  readonly #start: number;
  readonly #end: number;
  #text: string | undefined;

  private constructor(line: RequestLine, body: BodyLength, scanner: HeadScanner, data: Buffer, start: number) {
    this.body = body;
    this.upgrade = line.isHttp10 ? '' : scanner.upgrade;
    this.closes = closesAfter(scanner.connection, line.isHttp10);
    this.#line = line;
    this.#data = data;
    this.#start = start;
    this.#end = start + scanner.length;
  }

  /**
   * The head that the scanner read completely at `start`. Undefined when it is not clear what it means: such a request
   * must not be routed. The bytes must stay as they are for as long as the head is used.
   */
  static read(scanner: HeadScanner, data: Buffer, start: number): RequestHead | undefined {
    const line = readRequestLine(data, start + scanner.lineStart, start + scanner.lineEnd);
    if (!line) return undefined;
    const body = bodyLength(scanner, line.isHttp10);
    return body === undefined ? undefined : new RequestHead(line, body, scanner, data, start);
  }

  /** The method as sent. */
  get method(): string {
    return this.#line.method;
  }

  /** What the connection may become after this request. */
  get switches(): ProtocolSwitch | undefined {
    if (this.method === 'CONNECT') return 'connect';
    return this.upgrade === '' ? undefined : 'upgrade';
  }

  /** The request target as sent. */
  get target(): string {
    return this.#data.toString('latin1', this.#line.targetStart, this.#line.targetEnd);
  }

  /** The path of the target; the whole target when it has none (`*`, or `host:port` of CONNECT). */
  get path(): string {
    const path = originForm(this.target);
    const mark = path.indexOf('?');
    return mark < 0 ? path : path.slice(0, mark);
  }

  /** The query of the target without its question mark. */
  get query(): string {
    const { target } = this;
    const mark = target.indexOf('?');
    return mark < 0 ? '' : target.slice(mark + 1);
  }

  /** The head as Latin-1 text, with the empty line that ends it. */
  get text(): string {
    this.#text ??= this.#data.toString('latin1', this.#start, this.#end);
    return this.#text;
  }

  /** Every value of a header in order, as Latin-1 text without surrounding blanks. */
  header(name: string): readonly string[] {
    const pattern = headerPattern(name);
    const values: string[] = [];
    pattern.lastIndex = 0;
    for (let found = pattern.exec(this.text); found; found = pattern.exec(this.text)) {
      values.push((found[1] as string).trimEnd());
    }
    return values;
  }
}

/** Undefined: two parsers could disagree about it. */
function bodyLength(scanner: HeadScanner, isHttp10: boolean): BodyLength | undefined {
  const { contentLength, transferEncoding } = scanner;
  if (transferEncoding === '') return Number.isNaN(contentLength) ? undefined : Math.max(0, contentLength);
  return transferEncoding === 'chunked,' && contentLength === -1 && !isHttp10 ? chunked : undefined;
}

function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(target);
  if (!found) return target;
  const path = found[1] as string;
  return path.startsWith('/') ? path : `/${path}`;
}

const headerPatterns = new Map<string, RegExp>();
const mostPatterns = 256;

/** The names come from matches: few, but anybody may write a match, so the memory is bounded. */
function headerPattern(name: string): RegExp {
  const known = headerPatterns.get(name);
  if (known) return known;
  const made = new RegExp(`\\r\\n${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}:[ \\t]*([^\\r]*)`, 'gi');
  if (headerPatterns.size >= mostPatterns) headerPatterns.clear();
  headerPatterns.set(name, made);
  return made;
}
