import { Duplex } from 'node:stream';
import { batchBytes } from './frame-writer.ts';
import type { ResetReason } from './reset-reason.ts';
import type { StreamEnd } from './stream-end.ts';

const readableHighWaterMark = 64 * 1024;

/**
 * One stream of a session: a duplex whose halves end on their own. `end()` says that no more bytes follow; `destroy()`
 * before both halves ended resets the stream at the other end. As with every Node stream, errors are emitted: listen
 * for `error`, or use `pipeline`. Buffers handed to `write` belong to the stream until the write called back.
 */
export class TunnelStream extends Duplex {
  /** Its number in the session: odd when the dialer opened it, even when the acceptor did. */
  readonly id: number;
  /** What it was opened with. */
  readonly metadata: Uint8Array;
  /**
   * Opener: resolved when the other end accepted the stream, or sent its first bytes. Rejects with
   * `StreamRefusedError` when it did neither and reset the stream, else with what ended the stream before. Nobody
   * has to handle it. Acceptor: resolved.
   */
  readonly accepted: Promise<void>;
  readonly #end: StreamEnd;
  #reset: { readonly reason: ResetReason; readonly message: string | undefined } | undefined;

  /** @internal Streams are made by `open` and `accept`. */
  constructor(end: StreamEnd) {
    // As much as the transport takes at once, so that one stream alone can keep it busy.
    super({ allowHalfOpen: true, readableHighWaterMark, writableHighWaterMark: batchBytes });
    this.#end = end;
    this.id = end.id;
    this.metadata = end.metadata;
    this.accepted = end.accepted.promise;
    end.attach(this);
  }

  /** Ends both directions at once and tells the other end why. No `error` is emitted here. */
  reset(reason: ResetReason, message?: string): void {
    if (this.destroyed) return;
    this.#reset = { reason, message };
    this.destroy();
  }

  /**
   * As in every writable. What is written in one tick leaves together: else the first chunk goes alone, and the others wait
   * until the transport has taken it. Before the other end knows of the stream there is no need: they go with OPEN.
   */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (this.writableCorked === 0 && this.#end.isOpened) {
      this.cork();
      this.#end.gather();
    }
    return (super.write as (...args: unknown[]) => boolean).call(this, chunk, encoding, callback);
  }

  /** As in every stream. What was written before leaves before the reset: who has begun to answer has answered. */
  override destroy(error?: Error): this {
    if (!this.destroyed && this.writableLength > 0) this.#end.flush();
    return super.destroy(error);
  }

  /** As in every readable. Also the moment in which the sender gets credit for what was taken. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.#end.afterRead(chunk === null && size !== 0);
    return chunk;
  }

  /** Called by the readable when it wants bytes. */
  override _read(): void {
    this.#end.wanted();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#end.write([chunk], callback);
  }

  /** @internal */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#end.write(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  /** @internal */
  override _final(callback: (error?: Error | null) => void): void {
    this.#end.finish(callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#reset !== undefined) this.#end.reset(this.#reset.reason, this.#reset.message);
    else this.#end.over(error);
    callback(error);
  }
}
