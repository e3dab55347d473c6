import { type BodyFraming, type HeadFacts, Http1Framing } from './http1-framing.ts';

const requestLine = /^[A-Z][A-Z0-9-]{0,31} \S+ HTTP\/1\.[01]$/;
const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const requestStart = /^[A-Z][A-Z0-9-]{0,31}( |$)/;

/**
 * Knows when an HTTP/1 connection is between two exchanges: everything asked is answered to the last byte. There the
 * connection can be moved to another server without anybody noticing. For what is not HTTP/1, or no longer
 * (an upgrade), there is no such moment.
 */
export class Http1Boundary {
  readonly #pending: string[] = [];
  readonly #requests: Http1Framing = new Http1Framing(
    (head) => this.#requestHead(head),
    () => {},
  );
  readonly #responses: Http1Framing = new Http1Framing(
    (head) => this.#responseHead(head),
    () => {},
  );
  #opaque = false;
  #last = false;
  #asked = false;

  /** Nothing is under way, and the connection may carry another exchange. */
  get between(): boolean {
    return !this.#opaque && !this.#last && this.#idle;
  }

  /** An exchange is known to be under way. */
  get exchanging(): boolean {
    return !this.#opaque && !this.#idle;
  }

  /** Bytes that the client sent. */
  fromClient(chunk: Buffer): void {
    if (!this.#asked && !requestStart.test(chunk.toString('latin1', 0, 33).split(' ', 1)[0] ?? '')) this.#opaque = true;
    this.#asked = true;
    this.#follow(this.#requests, chunk);
  }

  /** Bytes that the server sent. */
  fromServer(chunk: Buffer): void {
    // A server that speaks first does not speak HTTP.
    if (!this.#asked) this.#opaque = true;
    this.#follow(this.#responses, chunk);
  }

  get #idle(): boolean {
    return this.#pending.length === 0 && this.#requests.idle && this.#responses.idle;
  }

  #follow(framing: Http1Framing, chunk: Buffer): void {
    if (this.#opaque) return;
    try {
      framing.feed(chunk);
    } catch {
      this.#opaque = true;
    }
  }

  #requestHead(head: HeadFacts): BodyFraming {
    if (!requestLine.test(head.startLine)) throw new Error('no request line');
    const method = head.startLine.slice(0, head.startLine.indexOf(' '));
    this.#pending.push(method);
    // Who asks for the end of the connection waits for it, so the server's own end must reach him.
    if (head.close || head.startLine.endsWith('1.0')) this.#last = true;
    return head.chunked ? 'chunked' : (head.contentLength ?? 'none');
  }

  #responseHead(head: HeadFacts): BodyFraming {
    const [, minor, digits] = statusLine.exec(head.startLine) ?? [];
    const status = Number(digits);
    if (digits === undefined || status === 101) throw new Error('no further HTTP/1 message');
    if (status < 200) return 'none';
    const method = this.#pending.shift();
    if (method === undefined || (method === 'CONNECT' && status < 300)) throw new Error('no answer to a request');
    if (head.close || minor === '0') this.#last = true;
    if (method === 'HEAD' || status === 204 || status === 304) return 'none';
    return head.chunked ? 'chunked' : (head.contentLength ?? 'until-close');
  }
}
