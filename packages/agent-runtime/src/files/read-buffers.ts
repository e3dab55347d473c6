import { sftpDataHeaderBytes } from '@fairlead/core';

/** Buffers for answers to reads, used again and again: a file that is read would otherwise leave all of it to be collected. */
export class ReadBuffers {
  readonly #bytes: number;
  readonly #free: Uint8Array[] = [];

  /** For so many bytes of a file each. */
  constructor(fileBytes: number) {
    this.#bytes = sftpDataHeaderBytes + fileBytes;
  }

  /** A buffer of one's own, until it is given back. */
  take(): Uint8Array {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Takes back the buffer that a packet is a part of; other packets are none of its business. */
  giveBack({ buffer }: Uint8Array): void {
    if (buffer.byteLength === this.#bytes) this.#free.push(new Uint8Array(buffer));
  }
}
