import { fromHttp2 } from '../handler/http2-headers.ts';
import { type RawHeaders, valuesOf } from '../handler/raw-headers.ts';
import { ConnectionReader } from '../http2/connection-reader.ts';
import { CapturedMessage, type CaptureOptions } from './captured-message.ts';
import type { AssemblerEvents } from './exchange-assembler.ts';
import { beginExchange, exchangeOf, heldBytesOf, type PendingExchange } from './pending-exchange.ts';
import type { TapConnection } from './tap-event.ts';

/** Streams that are under way at once; more cannot be followed. */
const maxPending = 4096;

/** Puts the streams of one copied connection of HTTP/2 together: each is a request with its answer. */
export class Http2ExchangeAssembler {
  readonly #connection: TapConnection;
  readonly #options: CaptureOptions;
  readonly #events: AssemblerEvents;
  readonly #pending = new Map<number, PendingExchange>();
  readonly #reader: ConnectionReader;
  #servedBy = 'app';
  #isLost = false;

  constructor(connection: TapConnection, options: CaptureOptions, events: AssemblerEvents) {
    this.#connection = connection;
    this.#options = options;
    this.#events = events;
    const reset = (id: number): void => this.#cut(id);
    this.#reader = new ConnectionReader({
      request: {
        fields: (id, raw, isLast) => this.#asked(id, raw, isLast),
        data: (id, bytes, isLast) => this.#sent(id, bytes, [], isLast),
        reset,
      },
      response: {
        fields: (id, raw, isLast) => this.#answering(id, raw, isLast),
        data: (id, bytes, isLast) => this.#answered(id, bytes, [], isLast),
        reset,
      },
    });
  }

  /** Bytes of one direction. */
  take(direction: 'request' | 'response', bytes: Uint8Array): void {
    if (this.#isLost) return;
    try {
      this.#reader.take(direction, bytes);
    } catch {
      this.#lose();
    }
  }

  /** Some bytes of one direction are missing: where the next frame begins is not known. */
  skip(): void {
    this.#lose();
  }

  /** The next answer, or the stream that ends next, is this intercept's. */
  servedBy(intercept: string): void {
    this.#servedBy = intercept;
  }

  /** The connection is over: what is not complete will not be. */
  close(): void {
    for (const id of this.#pending.keys()) this.#over(id);
  }

  #asked(id: number, raw: RawHeaders, isLast: boolean): void {
    if (this.#pending.has(id)) {
      this.#sent(id, new Uint8Array(), raw, isLast);
      return;
    }
    if (this.#pending.size >= maxPending) throw new RangeError('too many streams');
    const [method = ''] = valuesOf(raw, ':method');
    const [target = '/'] = valuesOf(raw, ':path');
    const head = { line: [method, target, 'HTTP/2'] as const, rawHeaders: fromHttp2(raw) };
    this.#pending.set(id, beginExchange(head, this.#options));
    if (isLast) this.#sent(id, new Uint8Array(), [], true);
  }

  #sent(id: number, bytes: Uint8Array, trailers: RawHeaders, isLast: boolean): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (bytes.length > 0) pending.request.took(bytes);
    if (!isLast) return;
    pending.request.ended(trailers);
    pending.isSent = true;
    pending.times.sent = performance.now();
    this.#settle(id, pending);
  }

  #answering(id: number, raw: RawHeaders, isLast: boolean): void {
    const pending = this.#pending.get(id);
    const servedBy = this.#servedBy;
    this.#servedBy = 'app';
    if (!pending) return;
    const [status = ''] = valuesOf(raw, ':status');
    if (status.startsWith('1')) return;
    if (pending.response) {
      this.#answered(id, new Uint8Array(), raw, isLast);
      return;
    }
    const head = { line: ['HTTP/2', status, ''] as const, rawHeaders: fromHttp2(raw) };
    pending.response = new CapturedMessage(head, this.#options);
    pending.servedBy = servedBy;
    pending.times.answering = performance.now();
    if (isLast) this.#answered(id, new Uint8Array(), [], true);
  }

  #answered(id: number, bytes: Uint8Array, trailers: RawHeaders, isLast: boolean): void {
    const pending = this.#pending.get(id);
    if (!pending?.response) return;
    if (bytes.length > 0) pending.response.took(bytes);
    if (!isLast) return;
    pending.response.ended(trailers);
    pending.isAnswered = true;
    pending.times.over = performance.now();
    this.#settle(id, pending);
  }

  /** Answers may be complete before their requests are. */
  #settle(id: number, { isSent, isAnswered }: PendingExchange): void {
    if (isSent && isAnswered) this.#over(id);
  }

  /** Who had a stream that ends before its answer began is said just before its end. */
  #cut(id: number): void {
    const pending = this.#pending.get(id);
    if (pending && !pending.response) pending.servedBy = this.#servedBy;
    this.#servedBy = 'app';
    this.#over(id);
  }

  #over(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.#events.exchange(exchangeOf(pending, this.#connection), heldBytesOf(pending));
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.close();
    this.#events.lost();
  }
}
