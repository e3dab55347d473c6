import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BatchOutlet } from './frame-writer.ts';
import type { TunnelTimers } from './timers.ts';
import { TunnelError } from './tunnel-error.ts';

/** What a link reports. Nothing more after `destroy`, `finish` or the first `lost`. */
export interface LinkEvents {
  /** Bytes came. */
  bytes(chunk: Buffer): void;
  /** The transport failed, was closed or ended by the other side. */
  lost(cause: TunnelError): void;
}

/** One transport under a session, with every listener that the session has on it. */
export class Link implements BatchOutlet {
  readonly #transport: Duplex;
  #events: LinkEvents;
  #isDetached = false;
  #isClosed = false;

  constructor(transport: Duplex, events: LinkEvents) {
    this.#transport = transport;
    this.#events = events;
    // The writer has gathered what belongs together; the kernel need not wait for more.
    if (transport instanceof Socket) transport.setNoDelay(true);
    transport.on('data', this.#onData);
    transport.on('end', this.#onEnd);
    transport.on('error', this.#onError);
    transport.on('close', this.#onClose);
    if (transport.destroyed || transport.readableEnded) process.nextTick(this.#onClose);
    else transport.resume();
  }

  /** From now on reports to someone else. */
  listen(events: LinkEvents): void {
    this.#events = events;
  }

  write(parts: readonly Buffer[], taken: () => void): void {
    const transport = this.#transport;
    if (this.#isDetached || transport.destroyed || transport.writableEnded) return;
    const last = parts.length - 1;
    if (last > 0) transport.cork();
    for (let index = 0; index < last; index += 1) transport.write(parts[index]);
    transport.write(parts[last], (error) => {
      if (!error) taken();
    });
    if (last > 0) transport.uncork();
  }

  /** Lets go of the transport and destroys it. */
  destroy(): void {
    this.#detach();
    this.#transport.destroy();
  }

  /** Writes a last frame, if any, lets the transport end in order, and destroys it when that takes too long. */
  finish(frame: Buffer | undefined, timers: TunnelTimers, lingerMs: number): Promise<void> {
    const transport = this.#transport;
    this.#detach();
    return new Promise((resolve) => {
      if (transport.destroyed) {
        resolve();
        return;
      }
      const timer = timers.setTimeout(() => transport.destroy(), lingerMs);
      // Both directions have to end: destroying before the other side has read would lose the last frame.
      const onHalf = (): void => {
        if (transport.readableEnded && transport.writableFinished) transport.destroy();
      };
      transport.once('close', () => {
        timers.clearTimeout(timer);
        transport.off('end', onHalf);
        transport.off('finish', onHalf);
        resolve();
      });
      transport.on('end', onHalf);
      transport.on('finish', onHalf);
      // Read on: unread bytes would turn the end into a reset.
      transport.resume();
      if (frame !== undefined && transport.writable) transport.write(frame);
      transport.end();
    });
  }

  #detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    const transport = this.#transport;
    transport.off('data', this.#onData);
    transport.off('end', this.#onEnd);
    transport.off('close', this.#onClose);
    // What still fails there concerns nobody, but must not end the process. Errors come before the close.
    if (this.#isClosed) transport.off('error', this.#onError);
    else transport.once('close', () => transport.off('error', this.#onError));
  }

  #lost(what: string, cause?: Error): void {
    if (this.#isDetached) return;
    this.destroy();
    this.#events.lost(new TunnelError('transport-lost', what, cause && { cause }));
  }

  readonly #onData = (chunk: Buffer): void => this.#events.bytes(chunk);
  readonly #onEnd = (): void => this.#lost('the transport was ended by the other side');
  readonly #onError = (error: Error): void => this.#lost('the transport failed', error);
  readonly #onClose = (): void => {
    this.#isClosed = true;
    this.#lost('the transport was closed');
  };
}
