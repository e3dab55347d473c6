import type { OnReadOpts } from 'node:net';

const readBytes = 65_536;
/** Reads of at least this many bytes are not copied; whoever sends so much at once gets buffers of its own. */
const copyUpToBytes = 16_384;

/**
 * One buffer into which all sockets read. A read is over before the next one of any socket begins, so only its bytes are
 * copied; left alone, the engine allocates 64 KiB for each read and cuts them down, however few came.
 */
export class SharedReads {
  readonly #shared: Buffer = Buffer.allocUnsafeSlow(readBytes);

  /** The reading of one socket. What `read` is given belongs to it. */
  of(read: (bytes: Buffer) => void): OnReadOpts {
    let next = this.#shared;
    return {
      buffer: () => next,
      callback: (length) => {
        const buffer = next;
        const isBulk = length > copyUpToBytes;
        next = isBulk ? Buffer.allocUnsafeSlow(readBytes) : this.#shared;
        const bytes = buffer.subarray(0, length);
        read(isBulk && buffer !== this.#shared ? bytes : Buffer.from(bytes));
        return true;
      },
    };
  }
}
