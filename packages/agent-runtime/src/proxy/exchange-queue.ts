import { type AnswerState, ResponseReader } from '../http1/response-reader.ts';
import { copyTo, tellServedBy } from './connection-taps.ts';
import { type Exchange, isRepeatable } from './exchange.ts';
import type { Side } from './side.ts';

/** The requests of one connection that are not answered yet, the oldest first, and how far the oldest's answer is. */
export class ExchangeQueue {
  /** The index after what the last {@link read} took. */
  end = 0;
  /** The last exchange that {@link read} completed; undefined when it completed none. */
  completed: Exchange | undefined;
  readonly #exchanges: Exchange[] = [];
  readonly #answers = new ResponseReader();

  /** How many there are. */
  get size(): number {
    return this.#exchanges.length;
  }

  /** The one whose answer is due. */
  get first(): Exchange | undefined {
    return this.#exchanges[0];
  }

  /** The one begun last. */
  get last(): Exchange | undefined {
    return this.#exchanges[this.#exchanges.length - 1];
  }

  /** How the answer that {@link read} came upon stands. */
  get state(): AnswerState {
    return this.#answers.state;
  }

  /** Bytes of the final answer that is due were passed on. */
  get hasAnswerBegun(): boolean {
    return this.#answers.hasBegun;
  }

  /** The answer that is due lasts until its sender closes. */
  get isAnswerUntilClose(): boolean {
    return this.#answers.isUntilClose;
  }

  /** Every request that is not answered may be sent a second time. */
  get areAllRepeatable(): boolean {
    return this.#exchanges.every(isRepeatable);
  }

  /** Another request is on its way. */
  begin(exchange: Exchange): void {
    this.#exchanges.push(exchange);
  }

  /** The last byte of the last request was passed on. Returns it when it is over thereby: it was answered early. */
  sent(): Exchange | undefined {
    const { last } = this;
    if (!last) return undefined;
    last.isSent = true;
    return last.isAnswered ? this.#exchanges.pop() : undefined;
  }

  /** Whether these bytes are exactly the answer to a plain request that is not in this queue, which is empty. */
  readPlain(bytes: Buffer): boolean {
    return this.#answers.takePlain(bytes);
  }

  /** Reads the answers in these bytes, as far as answers are due. */
  read(bytes: Buffer): void {
    this.completed = undefined;
    this.end = 0;
    for (let due = this.first; due && !due.isAnswered && this.end < bytes.length; due = this.first) {
      const start = this.end;
      if (due.taps && !this.#answers.hasBegun) tellServedBy(due.taps, due.side);
      this.end = this.#answers.take(bytes, start, due);
      if (due.taps) copyTo(due.taps, 'response', bytes.subarray(start, this.end));
      if (this.#answers.state !== 'done') return;
      due.isAnswered = true;
      if (this.#answers.closes) due.closes = true;
      this.#answers.next();
      if (!due.isSent) return;
      this.completed = this.#exchanges.shift();
    }
  }

  /** The end of the answer that is due cannot be found: all until its sender closes belongs to it. */
  takeAll(): void {
    this.#answers.takeAll();
  }

  /** Somebody else answers all that is not answered. */
  moveTo(side: Side): void {
    for (const exchange of this.#exchanges) exchange.side = side;
    this.#answers.next();
  }
}
