import { endStream, frameType, headerBytes, mostPayloadBytes, padded } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';

interface HeldFrame {
  bytes: Buffer;
  /** How much of the client's window it takes. */
  window: number;
  /** Parts of it that did not come yet, in bytes. */
  left: number;
}

/** Frames of the app that wait because the client takes less than the app believes. They keep their order. */
export class HeldFrames {
  readonly #frames: HeldFrame[] = [];

  /** Nothing waits. */
  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** Keeps a copy of the piece that was read. */
  add(frames: FrameReader): void {
    const bytes = Buffer.from(frames.data.subarray(frames.start, frames.end));
    const { type, length, left } = frames;
    if (frames.hasHead) {
      this.#frames.push({ bytes, window: type === frameType.data ? length : 0, left });
      return;
    }
    const last = this.#frames[this.#frames.length - 1] as HeldFrame;
    last.bytes = Buffer.concat([last.bytes, bytes]);
    last.left = left;
  }

  /** Takes out the next frame, or the part of it that fits into the window; undefined when nothing does, or it is not whole. */
  next(window: number): { readonly bytes: Buffer; readonly window: number } | undefined {
    const first = this.#frames[0];
    if (!first || first.left > 0) return undefined;
    if (first.window <= window || first.window === 0) {
      this.#frames.shift();
      return first;
    }
    // A frame may be longer than the window ever gets while it waits; padding cannot be split.
    if (window < Math.min(mostPayloadBytes, first.window) / 2 || (first.bytes[4] as number) & padded) return undefined;
    const head = Buffer.from(first.bytes.subarray(0, headerBytes + window));
    head.writeUIntBE(window, 0, 3);
    head[4] = (head[4] as number) & ~endStream;
    const tail = Buffer.concat([first.bytes.subarray(0, headerBytes), first.bytes.subarray(headerBytes + window)]);
    tail.writeUIntBE(first.window - window, 0, 3);
    first.bytes = tail;
    first.window -= window;
    return { bytes: head, window };
  }
}
