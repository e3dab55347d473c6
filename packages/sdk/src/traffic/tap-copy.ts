import type { Readable } from 'node:stream';
import { type TapDirection, type TapFrame, TapFrameDecoder } from '@fairlead/core';
import type { TapConnection, TapEvent } from './tap-event.ts';
import type { TapQueue } from './tap-queue.ts';

/** Brings the bytes of one copied connection into the queue, and says where some are missing. */
export class TapCopy {
  readonly #connection: TapConnection;
  readonly #queue: TapQueue<TapEvent>;
  readonly #missing: Record<TapDirection, number> = { request: 0, response: 0 };

  constructor(connection: TapConnection, queue: TapQueue<TapEvent>) {
    this.#connection = connection;
    this.#queue = queue;
  }

  /** Copies until the stream ends or breaks. Never rejects. */
  async run(stream: Readable): Promise<void> {
    const decoder = new TapFrameDecoder();
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        for (const frame of decoder.decode(chunk)) this.#take(frame);
      }
    } catch {
      // The connection was cut, or carries what is no tap: either way there is no more of it.
    }
    stream.destroy();
    const connection = this.#connection;
    for (const direction of ['request', 'response'] as const) {
      const count = this.#missing[direction];
      if (count > 0) await this.#queue.put({ type: 'dropped', connection, direction, count });
    }
    await this.#queue.put({ type: 'end', connection });
  }

  #take(frame: TapFrame): void {
    const { direction } = frame;
    if ('dropped' in frame) {
      this.#queue.missed(frame.dropped);
      this.#missing[direction] += frame.dropped;
      return;
    }
    const { bytes } = frame;
    this.#tellMissing(direction);
    const isTaken = this.#queue.offer({ type: 'bytes', connection: this.#connection, direction, bytes }, bytes.length);
    if (!isTaken) this.#missing[direction] += bytes.length;
  }

  /** Says what is missing before what follows. Where there is no room for that, there is none for what follows. */
  #tellMissing(direction: TapDirection): void {
    const count = this.#missing[direction];
    if (count === 0) return;
    const isTold = this.#queue.offer({ type: 'dropped', connection: this.#connection, direction, count }, 0);
    if (isTold) this.#missing[direction] = 0;
  }
}
