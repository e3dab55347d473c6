import type { Duplex } from 'node:stream';
import { constants, deflateSync, inflateSync } from 'node:zlib';

/** A stream that a client has opened. */
export interface SpdyStreamOpened {
  readonly id: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The client has ended its half at once. */
  readonly isEnded: boolean;
}

/** What happens on a session, as its server sees it. */
export interface SpdySessionEvents {
  onStream(opened: SpdyStreamOpened): void;
  /** Returns false when the client is to be held until {@link SpdySession.resume}. */
  onData(stream: number, bytes: Buffer): boolean;
  onEnd(stream: number): void;
}

/** The server's half of a SPDY/3.1 session, by other means than the product's: whole frames, and a real inflater. */
export class SpdySession {
  readonly #socket: Duplex;
  readonly #events: SpdySessionEvents;
  readonly #blocks: Buffer[] = [];
  #waiting: Buffer = Buffer.alloc(0);
  /** The numbers of the pings that the client has answered. */
  readonly pongs: number[] = [];

  constructor(socket: Duplex, events: SpdySessionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  resume(): void {
    this.#socket.resume();
  }

  reply(stream: number): void {
    const noHeaders = deflateSync(Buffer.alloc(4), { finishFlush: constants.Z_SYNC_FLUSH });
    this.control(2, Buffer.concat([uint32(stream), noHeaders]));
  }

  /** Returns false when the socket is full. */
  data(stream: number, bytes: Uint8Array, flags = 0): boolean {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(stream, 0);
    head.writeUInt32BE(bytes.length, 4);
    head.writeUInt8(flags, 4);
    this.#socket.write(head);
    return this.#socket.write(bytes);
  }

  end(stream: number): void {
    this.data(stream, Buffer.alloc(0), 1);
  }

  reset(stream: number, status: number): void {
    this.control(3, Buffer.concat([uint32(stream), uint32(status)]));
  }

  control(type: number, payload: Uint8Array, { flags = 0, version = 3 } = {}): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8000 + version, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt32BE(payload.length, 4);
    head.writeUInt8(flags, 4);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #read(chunk: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    while (this.#waiting.length >= 8) {
      const end = 8 + (this.#waiting.readUInt32BE(4) & 0xffffff);
      if (this.#waiting.length < end) return;
      const frame = this.#waiting.subarray(0, end);
      this.#waiting = this.#waiting.subarray(end);
      this.#frame(frame);
    }
  }

  #frame(frame: Buffer): void {
    const payload = frame.subarray(8);
    const isLast = (frame.readUInt8(4) & 1) === 1;
    if (frame.readUInt8(0) >= 0x80) {
      if (frame.readUInt16BE(0) !== 0x8003) throw new Error('the client speaks another version of SPDY');
      const type = frame.readUInt16BE(2);
      if (type === 1) this.#events.onStream({ ...this.#opened(payload), isEnded: isLast });
      if (type === 6) this.pongs.push(payload.readUInt32BE(0));
      return;
    }
    const stream = frame.readUInt32BE(0);
    if (payload.length > 0 && !this.#events.onData(stream, payload)) this.#socket.pause();
    if (isLast) this.#events.onEnd(stream);
  }

  #opened(payload: Buffer): { readonly id: number; readonly headers: Readonly<Record<string, string>> } {
    const block = payload.subarray(10);
    // Go's inflater gives nothing before it has seen a block that is empty.
    if (!block.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]))) throw new Error('a header block is not flushed');
    const before = this.#inflate();
    this.#blocks.push(block);
    return { id: payload.readUInt32BE(0), headers: readHeaders(this.#inflate().subarray(before.length)) };
  }

  /** The blocks of a session are one stream. */
  #inflate(): Buffer {
    if (this.#blocks.length === 0) return Buffer.alloc(0);
    return inflateSync(Buffer.concat(this.#blocks), { finishFlush: constants.Z_SYNC_FLUSH });
  }
}

function readHeaders(block: Buffer): Readonly<Record<string, string>> {
  let at = 4;
  const text = (): string => {
    const from = at + 4;
    at = from + block.readUInt32BE(at);
    return block.toString('utf8', from, at);
  };
  const pairs = Array.from({ length: block.readUInt32BE(0) }, () => [text(), text()] as const);
  if (at !== block.length) throw new Error('a header block is longer than it says');
  return Object.fromEntries(pairs);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
