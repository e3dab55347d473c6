import type { SftpAttributes } from './packet.ts';

/** What looks like a mark of the byte order is a part of the name. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Longer handles are against the protocol. */
const maxHandleBytes = 256;
const flags = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x80000000 };

/** Reads the fields of one packet in turn. Everything that does not fit throws a RangeError. */
export class PacketReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether anything follows. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4));
  }

  /** A number of 64 bits, as far as numbers are exact. */
  u64(): number {
    const at = this.#skip(8);
    const value = this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) throw new RangeError(`SFTP number ${value} is too large`);
    return value;
  }

  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  handle(): string {
    const bytes = this.bytes();
    if (bytes.length > maxHandleBytes) throw new RangeError(`SFTP handle of ${bytes.length} bytes`);
    return String.fromCharCode(...bytes);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#skip(this.#bytes.length - this.#at));
  }

  attributes(): SftpAttributes {
    const present = this.u32();
    const has = (flag: number): boolean => (present & flag) !== 0;
    const found = {
      ...(has(flags.size) && { size: this.u64() }),
      ...(has(flags.owner) && { uid: this.u32(), gid: this.u32() }),
      ...(has(flags.mode) && { mode: this.u32() }),
      ...(has(flags.times) && { accessed: this.u32(), modified: this.u32() }),
    };
    if (has(flags.extended)) this.#skipExtended();
    return found;
  }

  #skipExtended(): void {
    // Each takes eight bytes at least, so the count is bounded by the packet's length.
    for (let left = this.u32(); left > 0; left -= 1) {
      this.bytes();
      this.bytes();
    }
  }

  #skip(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new RangeError('SFTP packet ends too early');
    this.#at = at + length;
    return at;
  }
}
