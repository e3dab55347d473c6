import { HeadScanner } from './head-scanner.ts';
import { MessageBody } from './message-body.ts';
import { RequestHead } from './request-head.ts';
import { findMethodEnd, readRequestLine } from './request-line.ts';

/** Why a request cannot be routed: it is not clear HTTP/1, or its head is longer than 64 KiB. */
export type Unclear = 'bad-request' | 'head-too-long';

/** What {@link RequestReader.readHead} found. */
export type HeadReading = RequestHead | Unclear | 'incomplete';

/** Reads what is read in one go, for all connections: it stays in the processor's cache. */
const plainScanner = new HeadScanner('request');

/** Follows the requests of one client connection: where each begins, what its head says, where its body ends. */
export class RequestReader {
  /** The index after what the last call read. */
  end = 0;
  /** Made when it is first needed: most connections carry plain requests only. */
  #scanner: HeadScanner | undefined;
  #body: MessageBody | undefined;

  /** The next byte belongs to the body of a request whose head was read. */
  get isInBody(): boolean {
    return this.#body !== undefined;
  }

  /**
   * Whether these bytes, where a request begins, are exactly one request without a body that asks for nothing unusual.
   * If not, nothing was read. Most requests on a port without intercepts are known by this alone.
   */
  takePlain(bytes: Buffer): boolean {
    const scanner = plainScanner;
    scanner.reset();
    if (scanner.scan(bytes, 0) !== 'complete' || scanner.length !== bytes.length) return false;
    return hasNoBody(scanner) && isUsual(bytes, scanner.lineStart, scanner.lineEnd);
  }

  /** Reads on in a body; true when it ended. Its framing may turn out to be unclear. */
  readBody(data: Buffer, at: number): boolean | Unclear {
    const body = this.#body;
    if (!body) return true;
    this.end = body.take(data, at);
    if (body.isBroken) return 'bad-request';
    if (body.isDone) this.#body = undefined;
    return body.isDone;
  }

  /**
   * Reads the head that begins at `at`. When it is incomplete, the caller keeps the bytes and calls again with the
   * same ones and more.
   */
  readHead(data: Buffer, at: number): HeadReading {
    this.#scanner ??= new HeadScanner('request');
    const scanner = this.#scanner;
    const state = scanner.scan(data, at);
    if (state === 'incomplete' && isPlausible(scanner, data, at)) return state;
    const head = state === 'complete' ? RequestHead.read(scanner, data, at) : undefined;
    this.end = at + scanner.length;
    scanner.reset();
    if (!head) return state === 'too-long' ? 'head-too-long' : 'bad-request';
    if (head.body !== 0) this.#body = new MessageBody(head.body);
    return head;
  }

  /** Forgets the head that was read last: it is read again. */
  restart(): void {
    this.#scanner?.reset();
    this.#body = undefined;
  }
}

/** The request whose whole head is at the beginning of these bytes. */
export function requestIn(bytes: Buffer): RequestHead | undefined {
  const head = new RequestReader().readHead(bytes, 0);
  return typeof head === 'string' ? undefined : head;
}

function hasNoBody({ contentLength, transferEncoding, upgrade }: HeadScanner): boolean {
  return contentLength === -1 && transferEncoding === '' && upgrade === '';
}

/** A request line whose method says nothing about the answer's framing: all but HEAD and CONNECT. */
function isUsual(bytes: Buffer, start: number, end: number): boolean {
  const length = findMethodEnd(bytes, start, end) - start;
  return length > 0 && length !== 'HEAD'.length && length !== 'CONNECT'.length;
}

/** As far as the first line is there, it is a request line. */
function isPlausible(scanner: HeadScanner, data: Buffer, at: number): boolean {
  return scanner.lineEnd === 0 || readRequestLine(data, at + scanner.lineStart, at + scanner.lineEnd) !== undefined;
}
