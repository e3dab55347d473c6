/** What every connection of HTTP/2 begins with. */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const headerBytes = 9;
/** The longest frame that is read whole, and the longest header block, in bytes. */
const mostWholeBytes = 1 << 18;
const headerTableSize = 1;

/** Kinds of frames and their flags (RFC 9113, 6). */
const frameType = { data: 0, headers: 1, rstStream: 3, settings: 4, pushPromise: 5, continuation: 9 } as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** What the frames of one direction say. */
export interface FrameEvents {
  /** A header block is complete. */
  block(stream: number, block: Buffer, isLast: boolean): void;
  /** A part of a body. Valid during this call only. */
  data(stream: number, bytes: Uint8Array, isLast: boolean): void;
  /** The stream was ended before its time. */
  reset(stream: number): void;
  /** Whoever sends this lets the other end keep a header table of so many bytes. */
  headerTable(bytes: number): void;
}

/** Reads the frames of one direction of a connection, wherever the bytes are cut. It holds no data back. */
export class FrameReader {
  readonly #events: FrameEvents;
  #rest: Buffer = Buffer.alloc(0);
  #hasBegun: boolean;
  /** The stream of the data frame whose payload comes, and what of that is still to come. */
  #stream = 0;
  #left = 0;
  #isEnd = false;
  /** The payload that comes is of no interest. */
  #isSkipped = false;
  #block: Buffer[] = [];
  #blockBytes = 0;
  #isLast = false;

  constructor(direction: 'request' | 'response', events: FrameEvents) {
    this.#events = events;
    this.#hasBegun = direction === 'response';
  }

  /** Reads on. Throws a RangeError on what is no HTTP/2. */
  take(bytes: Uint8Array): void {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#rest.length > 0) rest = Buffer.concat([this.#rest, rest]);
    for (;;) {
      const used = this.#next(rest);
      if (used === 0) break;
      rest = rest.subarray(used);
    }
    this.#rest = Buffer.from(rest);
  }

  /** Reads what comes next. Returns how long it was; 0 when it is not all there. */
  #next(bytes: Buffer): number {
    if (!this.#hasBegun) return this.#begin(bytes);
    if (this.#left > 0) return this.#part(bytes.subarray(0, this.#left));
    if (bytes.length < headerBytes) return 0;
    const length = bytes.readUIntBE(0, 3);
    const type = bytes[3] as number;
    const flags = bytes[4] as number;
    const isData = type === frameType.data && (flags & flag.padded) === 0;
    if (length > 0 && (isData || type > frameType.continuation)) {
      this.#stream = streamOf(bytes);
      this.#left = length;
      this.#isEnd = (flags & flag.endStream) !== 0;
      this.#isSkipped = !isData;
      return headerBytes;
    }
    const end = headerBytes + length;
    if (end > mostWholeBytes) throw new RangeError(`a frame of ${length} bytes`);
    if (bytes.length < end) return 0;
    this.#whole(type, flags, streamOf(bytes), bytes.subarray(headerBytes, end));
    return end;
  }

  #begin(bytes: Buffer): number {
    if (bytes.length < preface.length) return 0;
    if (bytes.toString('latin1', 0, preface.length) !== preface) throw new RangeError('not HTTP/2');
    this.#hasBegun = true;
    return preface.length;
  }

  #part(bytes: Buffer): number {
    this.#left -= bytes.length;
    if (bytes.length > 0 && !this.#isSkipped) {
      this.#events.data(this.#stream, bytes, this.#isEnd && this.#left === 0);
    }
    return bytes.length;
  }

  #whole(type: number, flags: number, stream: number, payload: Buffer): void {
    const isLast = (flags & flag.endStream) !== 0;
    switch (type) {
      case frameType.data:
        this.#events.data(stream, withoutPadding(flags, payload), isLast);
        break;
      case frameType.headers: {
        const block = withoutPadding(flags, payload);
        this.#block = [];
        this.#blockBytes = 0;
        this.#isLast = isLast;
        this.#fragment(stream, flags, flags & flag.priority ? block.subarray(5) : block);
        break;
      }
      case frameType.continuation:
        this.#fragment(stream, flags, payload);
        break;
      case frameType.rstStream:
        this.#events.reset(stream);
        break;
      case frameType.settings:
        if ((flags & flag.ack) === 0) this.#settings(payload);
        break;
      case frameType.pushPromise:
        throw new RangeError('a push, which nobody asked for');
    }
  }

  #fragment(stream: number, flags: number, fragment: Buffer): void {
    this.#blockBytes += fragment.length;
    if (this.#blockBytes > mostWholeBytes) throw new RangeError('a header block without end');
    const isComplete = (flags & flag.endHeaders) !== 0;
    if (isComplete && this.#block.length === 0) this.#events.block(stream, fragment, this.#isLast);
    else if (isComplete) this.#events.block(stream, Buffer.concat([...this.#block, fragment]), this.#isLast);
    else this.#block.push(Buffer.from(fragment));
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) === headerTableSize) this.#events.headerTable(payload.readUInt32BE(at + 2));
    }
  }
}

function streamOf(head: Buffer): number {
  return head.readUInt32BE(5) & 0x7fffffff;
}

function withoutPadding(flags: number, payload: Buffer): Buffer {
  if ((flags & flag.padded) === 0) return payload;
  const end = payload.length - (payload[0] ?? 0);
  if (end < 1) throw new RangeError('more padding than frame');
  return payload.subarray(1, end);
}
