import { untilClose } from './body-length.ts';
import { HeadScanner } from './head-scanner.ts';
import { MessageBody } from './message-body.ts';
import type { ProtocolSwitch } from './request-head.ts';
import { type ResponseHead, readResponseHead, readStatus } from './response-head.ts';

/** What of a request bears on the framing of its answer. */
export interface AskedFor {
  readonly isHead: boolean;
  readonly switches: ProtocolSwitch | undefined;
}

/**
 * How far an answer is. `switched`: from here on the connection speaks another protocol. `unclear`: where the answer
 * ends cannot be told.
 */
export type AnswerState = 'open' | 'done' | 'switched' | 'unclear';

/** Reads what is read in one go, for all connections: it stays in the processor's cache. */
const plainScanner = new HeadScanner('answer');

/** Follows the answers on one client connection, one after the other. */
export class ResponseReader {
  /** How far the present answer is. */
  state: AnswerState = 'open';
  /** Bytes of the final answer were seen; interim ones (1xx) do not count. */
  hasBegun = false;
  /** The answer says that its sender closes the connection afterwards. */
  closes = false;
  /** Made when it is first needed: most connections carry plain answers only. */
  #scanner: HeadScanner | undefined;
  #body: MessageBody | undefined;
  #partial: Buffer | undefined;

  /** Gets ready for the next answer. */
  next(): void {
    this.state = 'open';
    this.hasBegun = false;
    this.closes = false;
    this.#body = undefined;
    this.#partial = undefined;
  }

  /**
   * Whether these bytes are exactly one whole final answer with a body of known length. If not, nothing was read. Only
   * for the answer to a plain request, of which nothing was read yet.
   */
  takePlain(bytes: Buffer): boolean {
    const scanner = plainScanner;
    scanner.reset();
    if (scanner.scan(bytes, 0) !== 'complete' || scanner.transferEncoding !== '') return false;
    if (scanner.contentLength < 0 || scanner.length + scanner.contentLength !== bytes.length) return false;
    const status = readStatus(bytes, scanner.lineStart, scanner.lineEnd);
    return status >= 200 && status !== 204 && status !== 304;
  }

  /** The answer has no end of its own: it lasts until its sender closes. */
  get isUntilClose(): boolean {
    return this.#body?.isEndless ?? false;
  }

  /** Takes what belongs to the present answer, from `at` on; returns the index after it. */
  take(data: Buffer, at: number, asked: AskedFor): number {
    let index = at;
    while (index < data.length && this.state === 'open') {
      index = this.#body ? this.#takeBody(this.#body, data, index) : this.#takeHead(data, index, asked);
    }
    return index;
  }

  /** Gives up on finding the end: everything until its sender closes belongs to this answer. */
  takeAll(): void {
    this.state = 'open';
    this.hasBegun = true;
    this.closes = true;
    this.#body = new MessageBody(untilClose);
  }

  #takeBody(body: MessageBody, data: Buffer, at: number): number {
    const end = body.take(data, at);
    if (body.isBroken) this.#giveUp();
    else if (body.isDone) this.state = 'done';
    return end;
  }

  #takeHead(data: Buffer, at: number, asked: AskedFor): number {
    const partial = this.#partial;
    const earlier = partial ? partial.length : 0;
    const bytes = partial ? Buffer.concat([partial, data.subarray(at)]) : data;
    const start = partial ? 0 : at;
    this.#scanner ??= new HeadScanner('answer');
    const scanner = this.#scanner;
    const state = scanner.scan(bytes, start);
    if (state === 'incomplete' && isPlausible(scanner, bytes, start)) {
      // The bytes may lie in a buffer that is used again: what is kept is copied.
      this.#partial = partial ? bytes : Buffer.from(bytes.subarray(start));
      this.hasBegun = true;
      return data.length;
    }
    this.#partial = undefined;
    const head = state === 'complete' ? readResponseHead(scanner, bytes, start) : undefined;
    const end = at + scanner.length - earlier;
    scanner.reset();
    if (head) this.#begin(head, asked);
    else this.#giveUp();
    return end;
  }

  #giveUp(): void {
    this.hasBegun = true;
    this.state = 'unclear';
  }

  #begin(head: ResponseHead, asked: AskedFor): void {
    const { status } = head;
    if (status === 101 || (asked.switches === 'connect' && status >= 200 && status < 300)) {
      this.hasBegun = true;
      this.state = 'switched';
      return;
    }
    this.hasBegun = status >= 200;
    if (status < 200) return;
    const isEmpty = asked.isHead || status === 204 || status === 304 || head.body === 0;
    this.closes = head.closes || (!isEmpty && head.body === untilClose);
    if (isEmpty) this.state = 'done';
    else this.#body = new MessageBody(head.body);
  }
}

/** As far as the first line is there, it is a status line. */
function isPlausible(scanner: HeadScanner, data: Buffer, at: number): boolean {
  return scanner.lineEnd === 0 || readStatus(data, at + scanner.lineStart, at + scanner.lineEnd) > 0;
}
