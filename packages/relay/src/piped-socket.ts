import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { type BufferPool, batchBytes } from '@fairlead/tunnel';

/** Reads of at least this many bytes are passed on by reference; smaller ones are copied, so that they hold no buffer. */
const lendFromBytes = 16_384;

/** Where the bytes of one socket go. */
class PooledReads {
  readonly #pool: BufferPool;
  #buffer: Buffer | undefined;
  #to: Writable | undefined;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  readonly buffer = (): Buffer => {
    this.#buffer ??= this.#pool.take();
    return this.#buffer;
  };

  /** False: no more for now. */
  readonly callback = (length: number): boolean => {
    const [buffer, to] = [this.#buffer, this.#to];
    if (!buffer || !to?.writable) return false;
    if (length < lendFromBytes) to.write(Buffer.from(buffer.subarray(0, length)));
    else {
      this.#buffer = undefined;
      to.write(buffer.subarray(0, length), () => this.#pool.give(buffer));
    }
    return !to.writableNeedDrain;
  };

  /** From now on passes what comes on. */
  passTo(to: Writable): void {
    this.#to = to;
  }

  close(): void {
    if (this.#buffer) this.#pool.give(this.#buffer);
    this.#buffer = undefined;
  }
}

/**
 * A TCP socket that is read in one way only: it has to be piped, and nothing is read before. Its bytes lie in buffers that are used
 * again when they were passed on. Left to itself the engine makes a buffer for each read, and what it has made outside of its
 * heap lets it collect all of that again and again: half the CPU of a relay in bulk.
 */
export class PipedSocket extends Socket {
  readonly #reads: PooledReads;

  constructor(pool: BufferPool) {
    const reads = new PooledReads(pool);
    // Missing in Node's types for the constructor, which takes what `connect` takes. The last three are those that it would
    // add to a copy of them, which takes as long as all else in making a socket.
    const options: object = {
      allowHalfOpen: true,
      noDelay: true,
      writableHighWaterMark: batchBytes,
      emitClose: false,
      autoDestroy: true,
      decodeStrings: false,
      onread: { buffer: reads.buffer, callback: reads.callback },
    };
    super(options);
    this.#reads = reads;
    this.pause();
    this.once('close', () => reads.close());
  }

  /** Begins to read, and passes bytes and the end on, as fast as they are taken. */
  override pipe<T extends NodeJS.WritableStream>(destination: T): T {
    const to = destination as unknown as Writable;
    this.#reads.passTo(to);
    to.on('drain', () => this.resume());
    this.once('end', () => to.end());
    this.resume();
    return destination;
  }
}
