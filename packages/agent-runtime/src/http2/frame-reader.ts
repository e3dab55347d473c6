import { endHeaders, frameType, hasPriority, headerBytes, padded } from './frame.ts';

/** The longest header block, and the longest of other frames that are needed whole, in bytes. */
const mostWholeBytes = 1 << 18;
/** A header block in more frames than this is an attack. */
const mostContinuations = 64;

/** What the bytes are cannot be told. */
export class BadFrame extends Error {}

const nothing: Buffer = Buffer.alloc(0);

/**
 * Cuts the bytes of one direction into frames: `push`, then `next` until it is false. A header block is one piece,
 * whatever number of frames it came in. Data, and frames of unknown kinds, come in parts as they arrive; all else, and
 * padded data, comes whole.
 */
export class FrameReader {
  /** What is being read: the piece lies from `start` to `end`. Before `start` is only what was read. */
  data: Buffer = nothing;
  start = 0;
  end = 0;
  /** The length of the payload of the frame, of its first one when it is a header block. */
  length = 0;
  type = 0;
  flags = 0;
  id = 0;
  /** The piece begins with the frame's head; otherwise it is a later part. */
  hasHead = false;
  /** How much of the frame's payload is in later parts. */
  left = 0;
  /** What came and was not read, while there is less than `#wanted`. */
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #wanted = 0;

  /** More bytes came. They must stay as they are until `next` was false. */
  push(bytes: Buffer): void {
    this.start = 0;
    this.end = 0;
    if (this.#earlyBytes === 0) {
      this.data = bytes;
      return;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes < this.#wanted) {
      // It must outlive this call.
      this.#early[this.#early.length - 1] = Buffer.from(bytes);
      this.data = nothing;
      return;
    }
    this.data = Buffer.concat(this.#early);
    this.#early = [];
    this.#earlyBytes = 0;
  }

  /** Goes to the next piece. False: all that is there was read, but for what waits for its rest. Throws {@link BadFrame}. */
  next(): boolean {
    const { data } = this;
    this.start = this.end;
    const have = data.length - this.start;
    if (have === 0) return false;
    if (this.left > 0) {
      const length = Math.min(this.left, have);
      this.hasHead = false;
      this.left -= length;
      this.end += length;
      return true;
    }
    if (have < headerBytes) return this.#keep(headerBytes);
    const { start } = this;
    this.length = data.readUIntBE(start, 3);
    this.type = data[start + 3] as number;
    this.flags = data[start + 4] as number;
    this.id = data.readUInt32BE(start + 5) & 0x7fffffff;
    this.hasHead = true;
    if (this.#comesInParts) {
      const length = Math.min(this.length, have - headerBytes);
      this.left = this.length - length;
      this.end = start + headerBytes + length;
      return true;
    }
    const isBlock = this.type === frameType.headers || this.type === frameType.pushPromise;
    const bytes = isBlock ? this.#blockBytes() : headerBytes + this.length;
    if (bytes > mostWholeBytes) throw new BadFrame('a frame is too long');
    if (have < bytes) return this.#keep(bytes);
    this.end = start + bytes;
    return true;
  }

  /** What is there and was not read, also of earlier pushes. */
  unread(): Buffer {
    return this.#earlyBytes > 0 ? Buffer.concat(this.#early) : this.data.subarray(this.start);
  }

  /** The payload of the frame that was read, or of its part, without padding. Not of a header block. */
  payload(): Buffer {
    if (!this.hasHead) return this.data.subarray(this.start, this.end);
    const start = this.start + headerBytes;
    if (this.type !== frameType.data || (this.flags & padded) === 0) return this.data.subarray(start, this.end);
    if (this.left > 0) throw new BadFrame('a padded frame is too long');
    const padding = this.length > 0 ? (this.data[start] as number) : 1;
    if (padding >= this.length) throw new BadFrame('more padding than frame');
    return this.data.subarray(start + 1, this.end - padding);
  }

  /** The five bytes of priority of a header block that was read. */
  priority(): Buffer | undefined {
    if ((this.flags & hasPriority) === 0) return undefined;
    const at = this.start + headerBytes + (this.flags & padded ? 1 : 0);
    return this.data.subarray(at, at + 5);
  }

  /** A header block that was read, without what stands around it. */
  block(): Buffer {
    const { data, flags } = this;
    let start = this.start + headerBytes;
    let end = start + this.length;
    if (flags & padded) {
      end -= this.length > 0 ? (data[start] as number) : 1;
      start += 1;
    }
    if (this.type === frameType.pushPromise) start += 4;
    else if (flags & hasPriority) start += 5;
    if (start > end) throw new BadFrame('a header block that is shorter than what stands around it');
    const first = data.subarray(start, end);
    if (flags & endHeaders) return first;
    const fragments = [first];
    for (let at = this.start + headerBytes + this.length; at < this.end; ) {
      const length = data.readUIntBE(at, 3);
      fragments.push(data.subarray(at + headerBytes, at + headerBytes + length));
      at += headerBytes + length;
    }
    return Buffer.concat(fragments);
  }

  get #comesInParts(): boolean {
    const { type, flags, length } = this;
    if (type === frameType.data) return (flags & padded) === 0 || length > mostWholeBytes - headerBytes;
    return type > frameType.continuation && type !== frameType.priorityUpdate;
  }

  /** How many bytes the frames of the header block have; as far as it is there, so many are needed at least. */
  #blockBytes(): number {
    const { data, start } = this;
    let end = headerBytes + this.length;
    let { flags } = this;
    for (let count = 0; (flags & endHeaders) === 0; count += 1) {
      if (count > mostContinuations) throw new BadFrame('a header block in too many frames');
      const at = start + end;
      if (data.length < at + headerBytes) return end + headerBytes;
      flags = data[at + 4] as number;
      const isNext = data[at + 3] === frameType.continuation && (data.readUInt32BE(at + 5) & 0x7fffffff) === this.id;
      if (!isNext) throw new BadFrame('another frame within a header block');
      end += headerBytes + data.readUIntBE(at, 3);
    }
    return end;
  }

  #keep(wanted: number): false {
    const rest = Buffer.from(this.data.subarray(this.start));
    this.#early = [rest];
    this.#earlyBytes = rest.length;
    this.#wanted = wanted;
    return false;
  }
}
