import type { RawHeaders } from '../handler/raw-headers.ts';
import { type MessageHead, requestFraming, responseFraming } from '../http1/message-head.ts';
import { MessageReader } from '../http1/message-reader.ts';
import { CapturedMessage, type CaptureOptions } from './captured-message.ts';
import type { Exchange } from './exchange.ts';
import { beginExchange, exchangeOf, heldBytesOf, type PendingExchange } from './pending-exchange.ts';
import type { TapConnection } from './tap-event.ts';

/** Requests of one connection that wait for their answers; a pipeline that is longer cannot be followed. */
const maxPending = 256;

/** What an {@link ExchangeAssembler} tells. */
export interface AssemblerEvents {
  /** An exchange is complete, or will not become so. */
  exchange(exchange: Omit<Exchange, 'number'>, heldBytes: number): void;
  /** The rest of the connection cannot be understood. */
  lost(): void;
}

/** Puts the requests and answers of one connection together from a copy of its bytes. */
export class ExchangeAssembler {
  readonly #connection: TapConnection;
  readonly #options: CaptureOptions;
  readonly #events: AssemblerEvents;
  readonly #pending: PendingExchange[] = [];
  readonly #requests: MessageReader;
  readonly #responses: MessageReader;
  #servedBy = 'app';
  #isLost = false;

  constructor(connection: TapConnection, options: CaptureOptions, events: AssemblerEvents) {
    this.#connection = connection;
    this.#options = options;
    this.#events = events;
    this.#requests = new MessageReader({
      head: (head) => this.#asked(head),
      body: (bytes) => this.#last?.request.took(bytes),
      missing: (count) => this.#last?.request.missed(count),
      end: (trailers) => this.#sent(trailers),
      lost: () => this.#lose(),
    });
    this.#responses = new MessageReader({
      head: (head) => this.#answering(head),
      body: (bytes) => this.#due?.response?.took(bytes),
      missing: (count) => this.#due?.response?.missed(count),
      end: (trailers) => this.#answered(trailers),
      lost: () => this.#lose(),
    });
  }

  /** Bytes of one direction. */
  take(direction: 'request' | 'response', bytes: Uint8Array): void {
    (direction === 'request' ? this.#requests : this.#responses).take(bytes);
  }

  /** So many bytes of one direction are missing. */
  skip(direction: 'request' | 'response', count: number): void {
    (direction === 'request' ? this.#requests : this.#responses).skip(count);
  }

  /** What is answered from here on is answered by this intercept. */
  servedBy(intercept: string): void {
    this.#servedBy = intercept;
  }

  /** The connection is over: what is not complete will not be. */
  close(): void {
    this.#requests.close();
    this.#responses.close();
    for (const pending of this.#pending.splice(0)) this.#tell(pending);
  }

  get #due(): PendingExchange | undefined {
    return this.#pending[0];
  }

  get #last(): PendingExchange | undefined {
    return this.#pending.at(-1);
  }

  #asked(head: MessageHead) {
    if (this.#pending.length >= maxPending) return 'not-http' as const;
    this.#pending.push(beginExchange(head, this.#options));
    return requestFraming(head);
  }

  #sent(trailers: RawHeaders): void {
    const last = this.#last;
    if (!last) return;
    last.request.ended(trailers);
    last.isSent = true;
    last.times.sent = performance.now();
    this.#settle();
  }

  #answering(head: MessageHead) {
    const due = this.#due;
    if (!due) return 'not-http' as const;
    const framing = responseFraming(head, due.request.line[0]);
    if (framing === 'head-only') return framing;
    due.response = new CapturedMessage(head, this.#options);
    due.servedBy = this.#servedBy;
    due.times.answering = performance.now();
    // Only one connection as a whole goes to one party; of single requests each may go to another.
    if (this.#connection.protocol !== 'tcp') this.#servedBy = 'app';
    if (framing === 'not-http') due.response.ended([]);
    return framing;
  }

  #answered(trailers: RawHeaders): void {
    const due = this.#due;
    if (!due?.response) return;
    due.response.ended(trailers);
    due.isAnswered = true;
    due.times.over = performance.now();
    this.#settle();
  }

  /** Answers may be complete before their requests are. */
  #settle(): void {
    const due = this.#due;
    if (!due?.isSent || !due.isAnswered) return;
    this.#pending.shift();
    this.#tell(due);
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const begun = this.#pending.splice(0);
    for (const pending of begun) this.#tell(pending);
    // An answer that changes the protocol ends what is HTTP in good order.
    if (begun[0]?.response?.line[1] !== '101') this.#events.lost();
  }

  #tell(pending: PendingExchange): void {
    this.#events.exchange(exchangeOf(pending, this.#connection), heldBytesOf(pending));
  }
}
