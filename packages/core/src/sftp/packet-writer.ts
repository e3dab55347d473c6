import type { SftpAttributes } from './packet.ts';

const encoder = new TextEncoder();

/** Puts a packet together, field by field. */
export class PacketWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 4;

  constructor(type: number) {
    this.u8(type);
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value);
    return this;
  }

  u64(value: number): this {
    const at = this.#room(8);
    this.#view.setUint32(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 4, value % 2 ** 32);
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.u32(value.length).rest(value);
  }

  text(value: string): this {
    return this.bytes(encoder.encode(value));
  }

  handle(value: string): this {
    return this.bytes(Uint8Array.from(value, (character) => character.charCodeAt(0)));
  }

  rest(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  attributes({ size, uid, gid, mode, accessed, modified }: SftpAttributes): this {
    const hasOwner = uid !== undefined || gid !== undefined;
    const hasTimes = accessed !== undefined || modified !== undefined;
    this.u32((size === undefined ? 0 : 1) | (hasOwner ? 2 : 0) | (mode === undefined ? 0 : 4) | (hasTimes ? 8 : 0));
    if (size !== undefined) this.u64(size);
    if (hasOwner) this.u32(uid ?? 0).u32(gid ?? 0);
    if (mode !== undefined) this.u32(mode);
    if (hasTimes) this.u32(accessed ?? modified ?? 0).u32(modified ?? accessed ?? 0);
    return this;
  }

  /** The packet with its length in front. */
  finish(): Uint8Array {
    this.#view.setUint32(0, this.#at - 4);
    return this.#bytes.subarray(0, this.#at);
  }

  #room(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
