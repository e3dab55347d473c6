import { frameShape, frameType, headerBytes, isSequenced } from './frame.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/** Who acts on frames. Payloads are views into the transport's chunk, good until the call returns or for keeping. */
export interface FrameHandler {
  /** A stream was opened. Its first bytes, if any, follow as `data`. */
  open(streamId: number, metadata: Buffer): void;
  /** A piece of a stream's bytes, as large as it came; several may make up one frame. */
  data(streamId: number, piece: Buffer): void;
  /** A complete frame of any other type. */
  control(type: number, streamId: number, payload: Buffer): void;
}

const empty: Buffer = Buffer.alloc(0);

type Phase = 'header' | 'control' | 'open-length' | 'open-metadata' | 'data';

/**
 * Reads frames from chunks that are cut anywhere. Bytes of streams are passed on as they come, never collected;
 * only headers and small payloads that straddle two chunks are.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxMetadataBytes: number;
  #phase: Phase = 'header';
  #type = 0;
  #streamId = 0;
  /** Bytes of the present payload that are still to come. */
  #left = 0;
  /** Bytes after the metadata of the present OPEN. */
  #firstBytes = 0;
  /** What was collected for the present field, and how much of it there is. */
  #scratch: Buffer = Buffer.alloc(headerBytes);
  #have = 0;
  #at = 0;
  /** Changes when reading must not go on, even in the midst of a chunk. */
  #epoch = 0;
  #received = 0;

  constructor(handler: FrameHandler, maxMetadataBytes: number) {
    this.#handler = handler;
    this.#maxMetadataBytes = maxMetadataBytes;
  }

  /** Bytes of sequenced frames taken in so far: where the peer has to go on after the transport was replaced. */
  get received(): number {
    return this.#received;
  }

  /** Takes in a chunk. Throws {@link ProtocolViolation}, and whatever the handler throws. */
  read(chunk: Buffer): void {
    const epoch = this.#epoch;
    this.#at = 0;
    while (this.#at < chunk.length && epoch === this.#epoch) {
      if (this.#phase === 'data') this.#passOn(chunk);
      else this.#collect(chunk);
    }
  }

  /** Forgets a field that came in part, since the peer sends it again, and stops a running `read`. */
  rewind(): void {
    this.#epoch += 1;
    this.#have = 0;
    if (this.#phase !== 'data') this.#phase = 'header';
  }

  #passOn(chunk: Buffer): void {
    const start = this.#at;
    const end = Math.min(chunk.length, start + this.#left);
    this.#at = end;
    this.#left -= end - start;
    this.#received += end - start;
    if (this.#left === 0) this.#phase = 'header';
    this.#handler.data(this.#streamId, start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end));
  }

  #collect(chunk: Buffer): void {
    if (this.#phase === 'header' && this.#have === 0 && chunk.length - this.#at >= headerBytes) {
      const start = this.#at;
      this.#at = start + headerBytes;
      this.#onHeader(chunk, start);
      return;
    }
    const need = this.#phase === 'header' ? headerBytes : this.#phase === 'open-length' ? 2 : this.#left;
    const field = this.#take(chunk, need);
    if (field === undefined) return;
    if (this.#phase === 'header') this.#onHeader(field, 0);
    else if (this.#phase === 'control') this.#onControl(field);
    else if (this.#phase === 'open-length') this.#onOpenLength(field);
    else this.#onMetadata(field);
  }

  /** The next `need` bytes, or undefined when they are not all there; nothing is copied when one chunk has them. */
  #take(chunk: Buffer, need: number): Buffer | undefined {
    const start = this.#at;
    const there = chunk.length - start;
    if (this.#have === 0 && there >= need) {
      this.#at = start + need;
      return chunk.subarray(start, start + need);
    }
    if (this.#have === 0 && this.#scratch.length < need) this.#scratch = Buffer.allocUnsafe(need);
    const taken = Math.min(there, need - this.#have);
    chunk.copy(this.#scratch, this.#have, start, start + taken);
    this.#at = start + taken;
    this.#have += taken;
    if (this.#have < need) return undefined;
    this.#have = 0;
    // The field may be kept by its receiver, the scratch is used again.
    return Buffer.from(this.#scratch.subarray(0, need));
  }

  #onHeader(bytes: Buffer, at: number): void {
    const streamId = bytes.readUInt32BE(at);
    const word = bytes.readUInt32BE(at + 4);
    const type = word >>> 24;
    const length = word & 0xffffff;
    const shape = frameShape(type);
    if (shape === undefined) throw new ProtocolViolation(`frame of unknown or misplaced type ${type}`);
    if (length < shape.least || length > shape.most) {
      throw new ProtocolViolation(`frame of type ${type} with ${length} bytes`);
    }
    if (shape.ofStream !== (streamId !== 0)) throw new ProtocolViolation(`frame of type ${type} on stream ${streamId}`);
    this.#type = type;
    this.#streamId = streamId;
    this.#left = length;
    if (type === frameType.data) {
      this.#received += headerBytes;
      this.#phase = 'data';
    } else if (type === frameType.open) {
      this.#phase = 'open-length';
    } else if (length === 0) {
      this.#onControl(empty);
    } else {
      this.#phase = 'control';
    }
  }

  #onControl(payload: Buffer): void {
    this.#phase = 'header';
    if (isSequenced(this.#type)) this.#received += headerBytes + payload.length;
    this.#handler.control(this.#type, this.#streamId, payload);
  }

  #onOpenLength(field: Buffer): void {
    const length = field.readUInt16BE(0);
    const afterLength = this.#left - 2;
    if (length > afterLength || length > this.#maxMetadataBytes) {
      throw new ProtocolViolation(`OPEN with ${length} bytes of metadata in ${afterLength}`);
    }
    this.#firstBytes = afterLength - length;
    this.#left = length;
    this.#phase = 'open-metadata';
    if (length === 0) this.#onMetadata(field.subarray(2));
  }

  #onMetadata(metadata: Buffer): void {
    this.#received += headerBytes + 2 + metadata.length;
    this.#left = this.#firstBytes;
    this.#phase = this.#left > 0 ? 'data' : 'header';
    this.#handler.open(this.#streamId, metadata);
  }
}
