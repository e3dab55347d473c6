/** The longest packet that either side takes, in bytes without its length field. As of OpenSSH. */
export const maxSftpPacketBytes: number = 256 * 1024;

/** Finds packets in chunks that may split anywhere. No more than one packet is ever held. */
export class SftpFrames {
  readonly #length = new Uint8Array(4);
  #have = 0;
  #packet: Uint8Array | undefined;
  #filled = 0;

  /** The packets that this chunk completes, without their length fields. Throws a RangeError on an empty or oversized one. */
  take(chunk: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#packet) {
        const piece = chunk.subarray(at, at + this.#packet.length - this.#filled);
        this.#packet.set(piece, this.#filled);
        this.#filled += piece.length;
        at += piece.length;
        if (this.#filled < this.#packet.length) break;
        packets.push(this.#packet);
        this.#packet = undefined;
        continue;
      }
      this.#length[this.#have++] = chunk[at++] as number;
      if (this.#have < 4) continue;
      this.#have = 0;
      const length = new DataView(this.#length.buffer).getUint32(0);
      if (length === 0 || length > maxSftpPacketBytes) throw new RangeError(`SFTP packet of ${length} bytes`);
      if (chunk.length - at >= length) {
        // Whole in this chunk, as most are: no copy.
        packets.push(chunk.subarray(at, at + length));
        at += length;
      } else {
        this.#packet = new Uint8Array(length);
        this.#filled = 0;
      }
    }
    return packets;
  }

  /** Whether the bytes so far end between two packets. */
  get isBetweenPackets(): boolean {
    return this.#have === 0 && this.#packet === undefined;
  }
}
