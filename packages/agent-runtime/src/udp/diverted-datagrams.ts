import { type Clock, DatagramDecoder, encodeDatagram } from '@fairlead/core';
import { type DatagramOrigin, type DivertedStream, type Diverter, openDiverted } from '../proxy/diverter.ts';
import { Unanswered } from './unanswered.ts';

/** What {@link DivertedDatagrams} works with. */
export interface DivertedDatagramsParts {
  readonly intercept: string;
  readonly origin: DatagramOrigin;
  readonly diverter: Diverter;
  readonly clock: Clock;
  readonly limits: DivertedLimits;
  readonly answered: (datagram: Uint8Array) => void;
  /** The datagram does not get there: its holder is too slow. */
  readonly dropped: () => void;
  /** Nobody takes the datagrams any more; these were not answered. */
  readonly lost: (unanswered: readonly Buffer[], error: Error) => void;
  /** The holder ended it in good order, or what was to be waited for is over. */
  readonly over: () => void;
}

/** See the limits of the proxy. */
interface DivertedLimits {
  readonly acceptTimeoutMs: number;
  readonly answerMs: number;
  readonly flowQueueBytes: number;
}

/** The stream that takes the datagrams of one flow to the holder of an intercept. Opened by the first of them. */
export class DivertedDatagrams implements Disposable {
  readonly #parts: DivertedDatagramsParts;
  readonly #unanswered: Unanswered;
  readonly #decoder = new DatagramDecoder();
  #stream: DivertedStream | undefined;
  #timer: Disposable | undefined;
  #isOver = false;

  constructor(parts: DivertedDatagramsParts) {
    this.#parts = parts;
    const { clock, limits } = parts;
    this.#unanswered = new Unanswered(clock, limits.answerMs, limits.flowQueueBytes);
  }

  /** Sends a datagram to the holder. */
  send(datagram: Buffer): void {
    if (this.#isOver) return;
    const waiting = this.#stream?.writableLength ?? 0;
    if (waiting + datagram.length > this.#parts.limits.flowQueueBytes) {
      this.#parts.dropped();
      return;
    }
    this.#unanswered.add(datagram);
    const { buffer, byteLength } = encodeDatagram(datagram);
    const frame = Buffer.from(buffer, 0, byteLength);
    if (this.#stream) this.#stream.write(frame);
    else this.#open(frame);
  }

  /** Sends nothing more. Answers that are due still come, for some time. */
  finish(): void {
    const stream = this.#stream;
    if (this.#isOver || !stream) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#parts.clock.after(this.#parts.limits.answerMs, () => {
      this.#ended();
      stream.destroy();
    });
    stream.end();
  }

  /** Ends it at once. */
  [Symbol.dispose](): void {
    this.#close();
    this.#stream?.destroy();
  }

  #open(frame: Buffer): void {
    const { diverter, intercept, origin, clock, limits } = this.#parts;
    const stream = openDiverted(diverter, intercept, origin, frame);
    if (!stream) {
      // Told later, as the caller is in the middle of sending.
      queueMicrotask(() => this.#lost(new Error('there is no tunnel')));
      return;
    }
    this.#stream = stream;
    const timer = clock.after(limits.acceptTimeoutMs, () => {
      this.#lost(new Error(`nobody took the stream within ${limits.acceptTimeoutMs} ms`));
    });
    this.#timer = timer;
    stream.accepted.then(
      () => timer[Symbol.dispose](),
      (reason: unknown) => this.#lost(reason instanceof Error ? reason : new Error(String(reason))),
    );
    stream.on('data', (bytes: Buffer) => this.#read(bytes));
    stream.on('end', () => this.#ended());
    stream.on('error', (error) => this.#lost(error));
    stream.on('close', () => this.#lost(new Error('the stream was closed')));
  }

  #read(bytes: Buffer): void {
    if (this.#isOver) return;
    let datagrams: readonly Uint8Array[];
    try {
      datagrams = this.#decoder.decode(bytes);
    } catch (error) {
      this.#lost(error as RangeError);
      return;
    }
    for (const datagram of datagrams) {
      this.#unanswered.answered();
      this.#parts.answered(datagram);
    }
  }

  #ended(): void {
    if (this.#isOver) return;
    this.#close();
    this.#stream?.end();
    this.#parts.over();
  }

  #lost(error: Error): void {
    if (this.#isOver) return;
    this.#close();
    this.#stream?.destroy();
    this.#parts.lost(this.#unanswered.take(), error);
  }

  #close(): void {
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
  }
}
