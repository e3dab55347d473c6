import { encodeHeaders, type HeaderField } from '@fairlead/tunnel';
import type { ClientOutput } from './client-output.ts';
import type { ClientWindow } from './client-window.ts';
import type { DivertedStream } from './diverted-stream.ts';
import { dataFrames, headersFrames } from './frame.ts';

/** What {@link Answers} work with. */
export interface AnswersParts {
  readonly window: ClientWindow;
  readonly output: ClientOutput;
  /** All that came of a stream's answer was passed on. */
  readonly onPassed: (stream: DivertedStream) => void;
  /** The client sends no more, and the answer would need room that it cannot give. */
  readonly onStuck: (stream: DivertedStream) => void;
}

/** The answers to diverted streams on their way to the client: in order, and as far as its windows reach. */
export class Answers {
  readonly #parts: AnswersParts;
  /** Streams whose answers wait for the client. */
  readonly #waiting = new Set<DivertedStream>();
  #isOneWay = false;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** The answer of a stream waits until the client takes more. */
  waits(stream: DivertedStream): boolean {
    return this.#waiting.has(stream);
  }

  /** Passes on a head, or trailers. */
  fields(stream: DivertedStream, fields: readonly HeaderField[], isLast: boolean): void {
    stream.waiting.push({ kind: 'fields', fields, isLast });
    this.pump(stream);
  }

  /** Passes on a part of a body. */
  data(stream: DivertedStream, bytes: Buffer, isLast: boolean): void {
    const room = stream.waiting.length > 0 ? 0 : this.room(stream);
    if (room >= bytes.length) {
      this.send(stream, bytes, isLast);
      this.#parts.onPassed(stream);
      return;
    }
    if (room > 0) this.send(stream, bytes.subarray(0, room), false);
    // The bytes are lent, and this may take a while.
    stream.waiting.push({ kind: 'data', bytes: Buffer.from(bytes.subarray(Math.max(0, room))), isLast });
    this.#wait(stream);
  }

  /** How much of a stream's answer the client takes now; less than nothing after it took windows back. */
  room(stream: DivertedStream): number {
    return Math.min(this.#parts.window.size, stream.window);
  }

  /** Passes on what the client takes of a stream's answer. */
  pump(stream: DivertedStream): void {
    const { waiting } = stream;
    for (let part = waiting[0]; part; part = waiting[0]) {
      if (part.kind === 'fields') {
        this.#parts.output.write(headersFrames(stream.id, encodeHeaders(part.fields), part.isLast));
      } else {
        const room = this.room(stream);
        if (room < part.bytes.length) {
          if (room > 0) {
            this.send(stream, part.bytes.subarray(0, room), false);
            waiting[0] = { ...part, bytes: part.bytes.subarray(room) };
          }
          this.#wait(stream);
          return;
        }
        this.send(stream, part.bytes, part.isLast);
      }
      waiting.shift();
    }
    this.#waiting.delete(stream);
    this.#parts.onPassed(stream);
  }

  /** The client takes more on the connection. */
  pumpAll(): void {
    for (const stream of Array.from(this.#waiting)) {
      if (this.#parts.window.size <= 0) return;
      // To the end of the line, so that each has its turn.
      this.#waiting.delete(stream);
      this.pump(stream);
    }
  }

  /** Sends data for which there is room. */
  send(stream: DivertedStream, bytes: Buffer, isLast: boolean): void {
    const { output, window } = this.#parts;
    window.divertedSent(bytes.length);
    stream.window -= bytes.length;
    output.write(dataFrames(stream.id, bytes, isLast));
    stream.upstream?.taken(bytes.length);
  }

  /** The client sends no more, and gives no more room. */
  oneWay(): void {
    this.#isOneWay = true;
  }

  /** What waits of a stream's answer is for nobody any more. */
  drop(stream: DivertedStream): void {
    this.#waiting.delete(stream);
    for (const part of stream.waiting) if (part.kind === 'data') stream.upstream?.taken(part.bytes.length);
  }

  #wait(stream: DivertedStream): void {
    if (this.#isOneWay) this.#parts.onStuck(stream);
    else this.#waiting.add(stream);
  }
}
