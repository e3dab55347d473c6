import type { Readable } from 'node:stream';
import { FairleadError } from '@fairlead/core';

/** How much of a request body is kept for a second reading, in bytes. */
const keptBodyBytes = 1 << 20;

/**
 * A request body that can be read more than once while it is small: by the handler, by the real app, by both. It is
 * taken from the connection only as fast as the quickest reader asks, and kept up to a limit; beyond the limit a
 * reader that is behind fails, and memory stays bounded.
 */
export class KeptBody {
  readonly #source: Readable;
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #forgotten = 0;
  #ended = false;
  #pulling: Promise<void> | undefined;
  /** Told of each piece as it comes. */
  onPiece: ((chunk: Uint8Array) => void) | undefined;

  /** A body over `source`, which nobody else may read. */
  constructor(source: Readable, limit: number = keptBodyBytes) {
    this.#source = source;
    this.#limit = limit;
  }

  /** The whole body from its first byte. Fails with `unsupported` when its beginning is no longer kept. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; ; ) {
      if (at < this.#forgotten) {
        throw new FairleadError(
          'unsupported',
          `the request body was read already and is longer than the ${this.#limit} bytes that are kept of it`,
          { phase: 'serve', hint: 'Decide before reading the body, or clone what you need of it.' },
        );
      }
      const chunk = this.#chunks[at - this.#forgotten];
      if (chunk) {
        at += 1;
        yield chunk;
      } else if (this.#ended) return;
      else await this.#pull();
    }
  }

  /** Lets go of what nobody read, so that the connection can carry its next request. */
  discard(): void {
    if (this.onPiece) this.#source.on('data', this.onPiece);
    this.#source.resume();
  }

  #pull(): Promise<void> {
    this.#pulling ??= this.#next().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #next(): Promise<void> {
    const chunk: Uint8Array | null = this.#source.read();
    if (chunk) {
      this.onPiece?.(chunk);
      this.#keep(chunk);
    } else if (this.#source.readableEnded) this.#ended = true;
    else if (this.#source.destroyed) throw this.#source.errored ?? callerLeft();
    else await readableOrOver(this.#source);
  }

  #keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // The newest piece stays in any case: readers that are up to date have yet to take it.
    if (this.#bytes > this.#limit) this.#forgotten += this.#chunks.splice(0, this.#chunks.length - 1).length;
  }
}

function callerLeft(): FairleadError {
  return new FairleadError('connection-lost', 'the caller left in the middle of its request', { phase: 'serve' });
}

function readableOrOver(source: Readable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close', 'error'] as const;
    const done = (): void => {
      for (const event of events) source.off(event, done);
      resolve();
    };
    for (const event of events) source.on(event, done);
  });
}
