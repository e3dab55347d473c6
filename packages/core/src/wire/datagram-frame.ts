/** The longest datagram that is carried, in bytes: the most that UDP over IPv4 can. */
export const maxDatagramBytes = 65_507;

const headerBytes = 2;

/** A datagram as it crosses a byte stream: its length as u16, then its bytes. Throws a RangeError when it is too long. */
export function encodeDatagram(bytes: Uint8Array): Uint8Array {
  if (bytes.length > maxDatagramBytes) throw new RangeError(`datagram of ${bytes.length} bytes`);
  const encoded = new Uint8Array(headerBytes + bytes.length);
  new DataView(encoded.buffer).setUint16(0, bytes.length);
  encoded.set(bytes, headerBytes);
  return encoded;
}

/** Reads datagrams from chunks that may split anywhere. Holds the bytes of one datagram at most. */
export class DatagramDecoder {
  /** The first byte of a length whose second one is not here yet. */
  #high: number | undefined;
  /** The datagram that is not complete. */
  #partial: Uint8Array | undefined;
  #have = 0;

  /**
   * The datagrams that this chunk completes, empty ones included. They may share the chunk's memory. Throws a RangeError
   * on one that is too long.
   */
  decode(chunk: Uint8Array): Uint8Array[] {
    const datagrams: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#partial) {
        at += this.#fill(this.#partial, chunk.subarray(at), datagrams);
        continue;
      }
      const byte = chunk[at++] as number;
      if (this.#high === undefined) {
        this.#high = byte;
        continue;
      }
      const length = this.#high * 256 + byte;
      this.#high = undefined;
      if (length > maxDatagramBytes) throw new RangeError(`datagram of ${length} bytes`);
      if (chunk.length - at >= length) {
        datagrams.push(chunk.subarray(at, at + length));
        at += length;
      } else {
        this.#partial = new Uint8Array(length);
        this.#have = 0;
      }
    }
    return datagrams;
  }

  /** Takes what belongs to the datagram that is under way, and says how much that was. */
  #fill(partial: Uint8Array, rest: Uint8Array, datagrams: Uint8Array[]): number {
    const piece = rest.subarray(0, partial.length - this.#have);
    partial.set(piece, this.#have);
    this.#have += piece.length;
    if (this.#have === partial.length) {
      datagrams.push(partial);
      this.#partial = undefined;
    }
    return piece.length;
  }
}
