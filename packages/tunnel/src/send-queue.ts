import { frameType } from './frame.ts';
import type { BatchParty, FrameBatch } from './frame-batch.ts';
import type { FrameSource } from './frame-writer.ts';
import { largestWindow } from './limits.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/** Called when bytes were handed over, or with the error that kept them from it. */
export type SendCallback = (error?: Error | null) => void;

/** How a send queue gets its turns. */
export interface SendTurns {
  /** Asks for turns. */
  ready(source: FrameSource): void;
  /** Wants none any more. */
  remove(source: FrameSource): void;
  /** Takes those now that are due in this turn of the loop. */
  flush(): void;
}

/** The writable whose bytes are sent. */
export interface WritableFace {
  /** Whether `end` was called on it. */
  readonly writableEnded: boolean;
  /** Bytes in it, with those of the present write. */
  readonly writableLength: number;
  /** Passes on what it has held back. */
  uncork(): void;
}

/** The outgoing bytes of one stream: at most one write of its writable at a time, sent as far as the credit goes. */
export class SendQueue implements FrameSource, BatchParty {
  isQueued = false;
  readonly #streamId: number;
  readonly #turns: SendTurns;
  /** Set until OPEN was sent. */
  #opening: Buffer | undefined;
  #mayOpen = false;
  #credit = 0;
  #chunks: readonly Buffer[] = [];
  #chunk = 0;
  #offset = 0;
  #bytes = 0;
  /** Bytes of the present write, sent or not. */
  #writing = 0;
  #face: WritableFace | undefined;
  #written: SendCallback | undefined;
  #finished: SendCallback | undefined;
  #isFinSent = false;
  /** The face holds bytes back until the next turn. */
  #isGathering = false;
  /** The transport holds references to bytes of the present write. */
  #isInFlight = false;
  #dropped: Error | undefined;

  /** @param metadata given for a stream that this end opens */
  constructor(streamId: number, turns: SendTurns, metadata?: Buffer) {
    this.#streamId = streamId;
    this.#turns = turns;
    this.#opening = metadata;
  }

  /** Whether the peer knows of the stream. */
  get isOpened(): boolean {
    return this.#opening === undefined;
  }

  /** Whether the end was sent. */
  get isFinSent(): boolean {
    return this.#isFinSent;
  }

  /** Says whose bytes these are. */
  attach(face: WritableFace): void {
    this.#face = face;
  }

  /** Asks for the turn in which OPEN goes out, together with whatever is written until then. */
  open(): void {
    if (this.#dropped !== undefined) return;
    this.#mayOpen = true;
    this.#turns.ready(this);
  }

  /** Asks for the turn in which the face passes on what it holds back. */
  gather(): void {
    if (this.#dropped !== undefined) return;
    this.#isGathering = true;
    this.#turns.ready(this);
  }

  /** Sends these, then calls back. Not before the previous write has called back. */
  write(chunks: readonly Buffer[], callback: SendCallback): void {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    if (bytes === 0) {
      process.nextTick(callback);
      return;
    }
    this.#chunks = chunks;
    this.#chunk = 0;
    this.#offset = 0;
    this.#bytes = bytes;
    this.#writing = bytes;
    this.#written = callback;
    if (this.#isReady()) this.#turns.ready(this);
  }

  /** Sends the end after all bytes, then calls back. */
  finish(callback: SendCallback): void {
    if (this.#isFinSent) {
      callback();
      return;
    }
    this.#finished = callback;
    if (this.#isReady()) this.#turns.ready(this);
  }

  /** The peer allows so many bytes more. */
  addCredit(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > largestWindow) throw new ProtocolViolation('credit beyond 2^31 - 1', 'flow-control');
    if (this.#isReady()) this.#turns.ready(this);
  }

  /** Sends nothing any more; what waits is told why, but not before the transport has let go of its bytes. */
  drop(error: Error): void {
    this.#turns.remove(this);
    this.#dropped = error;
    this.#bytes = 0;
    if (!this.#isInFlight) this.settle();
  }

  produce(batch: FrameBatch, wantedBytes: number, mostBytes: number): boolean {
    if (this.#isGathering) {
      this.#isGathering = false;
      this.#face?.uncork();
    }
    if (this.#opening !== undefined) this.#sendOpen(batch, this.#opening, wantedBytes);
    else if (this.#bytes > 0) this.#sendData(batch, this.#bytes <= mostBytes ? mostBytes : wantedBytes);
    if (!this.#isFinSent && this.#isAtEnd()) {
      this.#isFinSent = true;
      batch.frame(this.#streamId, frameType.fin, 0);
      if (this.#finished !== undefined) batch.inform(this);
    }
    return this.#isReady();
  }

  settle(): void {
    this.#isInFlight = false;
    if (this.#bytes === 0 && this.#written !== undefined) {
      const written = this.#written;
      this.#written = undefined;
      this.#chunks = [];
      written(this.#dropped);
    }
    if ((this.#isFinSent || this.#dropped !== undefined) && this.#finished !== undefined) {
      const finished = this.#finished;
      this.#finished = undefined;
      finished(this.#dropped);
    }
  }

  /** Nothing is left to send. Seen before the writable says so, the end travels together with the last bytes. */
  #isAtEnd(): boolean {
    if (this.#bytes > 0) return false;
    if (this.#finished !== undefined) return true;
    const face = this.#face;
    return this.#written !== undefined && face?.writableEnded === true && face.writableLength === this.#writing;
  }

  #isReady(): boolean {
    if (this.#opening !== undefined) return this.#mayOpen;
    if (this.#bytes > 0) return this.#credit > 0;
    return this.#finished !== undefined && !this.#isFinSent;
  }

  #sendOpen(batch: FrameBatch, metadata: Buffer, mostBytes: number): void {
    this.#opening = undefined;
    const room = Math.max(0, mostBytes - 2 - metadata.length);
    const size = Math.min(this.#bytes, this.#credit, room);
    batch.frame(this.#streamId, frameType.open, 2 + metadata.length + size);
    batch.uint16(metadata.length);
    batch.add(metadata);
    this.#put(batch, size);
  }

  #sendData(batch: FrameBatch, mostBytes: number): void {
    const size = Math.min(this.#bytes, this.#credit, mostBytes);
    if (size === 0) return;
    batch.frame(this.#streamId, frameType.data, size);
    this.#put(batch, size);
  }

  #put(batch: FrameBatch, size: number): void {
    let left = size;
    while (left > 0) {
      const chunk = this.#chunks[this.#chunk];
      if (chunk === undefined) break;
      const end = Math.min(chunk.length, this.#offset + left);
      batch.add(this.#offset === 0 && end === chunk.length ? chunk : chunk.subarray(this.#offset, end));
      left -= end - this.#offset;
      this.#offset = end;
      if (end === chunk.length) {
        this.#chunk += 1;
        this.#offset = 0;
      }
    }
    this.#bytes -= size;
    this.#credit -= size;
    if (size === 0) return;
    this.#isInFlight = true;
    batch.inform(this);
  }
}
