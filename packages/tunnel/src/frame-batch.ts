import { headerBytes, writeHeader } from './frame.ts';

const slabBytes = 64 * 1024;
const copyUpTo = 8 * 1024;

/** Someone whose bytes went out with a batch and who wants to know when they are on their way. */
export interface BatchParty {
  /** The transport has taken the batch. */
  settle(): void;
}

/**
 * Frames on their way to the transport. Headers and small payloads are copied one after the other into a slab, so that
 * hundreds of messages leave as one buffer; large ones go by reference, or as a copy when they must outlive their write.
 */
export class FrameBatch {
  /** Whether payloads are copied whatever their size, since they may have to be sent again. */
  keepsCopies = false;
  #slab: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #parts: Buffer[] = [];
  #parties: BatchParty[] = [];
  #bytes = 0;

  /** Bytes put in since the last `takeParts`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Begins a frame; `length` bytes of payload have to follow. */
  frame(streamId: number, type: number, length: number): void {
    this.#makeRoom(headerBytes);
    this.#end = writeHeader(this.#slab, this.#end, streamId, type, length);
    this.#bytes += headerBytes;
  }

  /** Puts in a number of 16 bits. */
  uint16(value: number): void {
    this.#makeRoom(2);
    this.#end = this.#slab.writeUInt16BE(value, this.#end);
    this.#bytes += 2;
  }

  /** Puts in bytes, payload or whole frames. */
  add(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (bytes.length <= copyUpTo) {
      this.#makeRoom(bytes.length);
      bytes.copy(this.#slab, this.#end);
      this.#end += bytes.length;
      return;
    }
    this.#cut();
    if (this.keepsCopies) {
      const copy = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(copy);
      this.#parts.push(copy);
    } else {
      this.#parts.push(bytes);
    }
  }

  /** Has `party` told when the transport took the batch. */
  inform(party: BatchParty): void {
    this.#parties.push(party);
  }

  /** The buffers to write, in order; the batch is empty afterwards. */
  takeParts(): Buffer[] {
    this.#cut();
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    return parts;
  }

  /** Those to inform, once. */
  takeParties(): BatchParty[] {
    const parties = this.#parties;
    this.#parties = [];
    return parties;
  }

  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#slab.length) return;
    this.#cut();
    // Never reused: buffers cut from a slab may sit in the transport or wait to be sent again.
    this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    this.#start = 0;
    this.#end = 0;
  }

  #cut(): void {
    if (this.#end === this.#start) return;
    this.#parts.push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
