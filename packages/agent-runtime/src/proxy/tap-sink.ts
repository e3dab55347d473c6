import { encodeTapFrame, maxTapFrameBytes, type TapDirection } from '@fairlead/core';
import type { DivertedStream } from './diverter.ts';

/**
 * Takes copies of a connection's bytes for one wiretap. Never slows the connection down: what its reader is too slow
 * for is dropped, and a frame tells the reader how much.
 */
export class TapSink {
  readonly wiretap: string;
  readonly #stream: DivertedStream | undefined;
  readonly #limit: number;
  readonly #onDropped: (bytes: number) => void;
  readonly #missing: Record<TapDirection, number> = { request: 0, response: 0 };
  #isOver = false;

  /** Without a stream there is nobody to copy for. At most `limit` bytes wait for the reader. */
  constructor(wiretap: string, stream: DivertedStream | undefined, limit: number, onDropped: (bytes: number) => void) {
    this.wiretap = wiretap;
    this.#stream = stream;
    this.#limit = limit;
    this.#onDropped = onDropped;
    this.#isOver = stream === undefined;
    stream?.on('error', () => this.#stop());
    stream?.on('close', () => this.#stop());
    stream?.accepted.catch(() => stream.destroy());
    stream?.resume();
  }

  /** Copies bytes, in pieces that fit a frame. */
  take(direction: TapDirection, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#isOver; at += maxTapFrameBytes) {
      this.#takePiece(direction, bytes.subarray(at, at + maxTapFrameBytes));
    }
  }

  /** The answer that follows is given by the holder of this intercept, or the stream was with it that ends. */
  servedBy(intercept: string): void {
    if (!this.#isOver) this.#stream?.write(encodeTapFrame({ servedBy: intercept }));
  }

  /** No more bytes come. */
  end(): void {
    if (this.#isOver) return;
    this.#tellMissing();
    this.#isOver = true;
    this.#stream?.end();
  }

  #takePiece(direction: TapDirection, bytes: Uint8Array): void {
    const stream = this.#stream as DivertedStream;
    if (stream.writableLength + bytes.length > this.#limit) {
      this.#missing[direction] += bytes.length;
      this.#onDropped(bytes.length);
      return;
    }
    this.#tellMissing();
    stream.write(encodeTapFrame({ direction, bytes }));
  }

  #tellMissing(): void {
    for (const direction of ['request', 'response'] as const) {
      const dropped = this.#missing[direction];
      if (dropped === 0) continue;
      this.#stream?.write(encodeTapFrame({ direction, dropped }));
      this.#missing[direction] = 0;
    }
  }

  #stop(): void {
    this.#isOver = true;
  }
}
