import { controlTypes, finFlag, frameHeadBytes, spdyVersion } from './frames.ts';
import { violation } from './violation.ts';

/** Takes what frames say. */
export interface FrameHandler {
  /** The next bytes of a stream: part of a frame, or all of it. They lie in the chunk that was read. */
  onData(stream: number, bytes: Buffer): void;
  /** The peer sends nothing more on this stream. */
  onEnd(stream: number): void;
  /** The peer has accepted this stream. */
  onReply(stream: number): void;
  /** The peer wants no more of this stream. */
  onReset(stream: number, status: number): void;
  onPing(id: number): void;
  /** The peer takes no streams after this one. */
  onGoAway(lastStream: number): void;
}

/** The longest control frame that is taken, in bytes. Those of servers have some dozens. */
const maxControlBytes = 64 * 1024;

/** How much of a control frame is kept: header blocks, which follow, say nothing that anybody has to know. */
const keptBytes = 8;

/**
 * Reads the frames of a SPDY session from chunks that are cut anywhere. It keeps at most sixteen bytes between two chunks
 * and copies no payload. What is not SPDY/3.1, or opens a stream, fails with `connection-lost`; whoever gets that reads no
 * further.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #head: Buffer = Buffer.alloc(frameHeadBytes);
  readonly #kept: Buffer = Buffer.alloc(keptBytes);
  #headLength = 0;
  #keptLength = 0;
  /** How much of the present frame's payload is still to come. */
  #missing = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Reads the next bytes, and calls the handler meanwhile. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#isInPayload() ? this.#readPayload(chunk, at) : this.#readHead(chunk, at);
  }

  #isInPayload(): boolean {
    return this.#headLength === frameHeadBytes;
  }

  #readHead(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + frameHeadBytes - this.#headLength);
    chunk.copy(this.#head, this.#headLength, at, end);
    this.#headLength += end - at;
    if (!this.#isInPayload()) return end;
    this.#missing = this.#head.readUIntBE(5, 3);
    this.#keptLength = 0;
    if (this.#isControl()) checkControl(this.#head.readUInt16BE(0) & 0x7fff, this.#missing);
    if (this.#missing === 0) this.#finish();
    return end;
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#missing);
    this.#missing -= end - at;
    if (this.#isControl()) this.#keptLength += chunk.copy(this.#kept, this.#keptLength, at, end);
    else this.#handler.onData(this.#head.readUInt32BE(0), chunk.subarray(at, end));
    if (this.#missing === 0) this.#finish();
    return end;
  }

  #isControl(): boolean {
    return this.#head.readUInt8(0) >= 0x80;
  }

  #finish(): void {
    this.#headLength = 0;
    if (this.#isControl()) this.#control(this.#head.readUInt16BE(2));
    else if (this.#isLast()) this.#handler.onEnd(this.#head.readUInt32BE(0));
  }

  #isLast(): boolean {
    return (this.#head.readUInt8(4) & finFlag) !== 0;
  }

  #control(type: number): void {
    switch (type) {
      case controlTypes.synStream:
        throw violation('the server opens a stream');
      case controlTypes.synReply: {
        const stream = this.#word(0);
        this.#handler.onReply(stream);
        if (this.#isLast()) this.#handler.onEnd(stream);
        return;
      }
      case controlTypes.rstStream:
        this.#handler.onReset(this.#word(0), this.#word(4));
        return;
      case controlTypes.ping:
        this.#handler.onPing(this.#word(0));
        return;
      case controlTypes.goAway:
        this.#handler.onGoAway(this.#word(0));
        return;
      default:
      // Settings, windows and what else there may be: nothing that a forwarded port depends on.
    }
  }

  #word(at: number): number {
    if (this.#keptLength < at + 4) throw violation('a control frame is too short');
    return this.#kept.readUInt32BE(at);
  }
}

function checkControl(version: number, length: number): void {
  if (version !== spdyVersion) throw violation(`a frame is of version ${version}`);
  if (length > maxControlBytes) throw violation(`a control frame has ${length} bytes`);
}
