import { Duplex } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import type { RawData, WebSocket } from 'ws';
import { cutChunks } from './cut-chunks.ts';

/** The channels of a forwarded port: two for the first port, and the one that closes others, from version 5 on. */
const dataChannel = 0;
const errorChannel = 1;
const closeChannel = 255;

/** How much may wait in each direction before the source is held, in bytes. */
const highWaterMark = 256 * 1024;

/** The longest message that is sent, in bytes: servers hold each in memory, and older ones break off beyond 32 MiB. */
const maxMessageBytes = 256 * 1024;

/**
 * The bytes of one forwarded port, over a WebSocket of the API server. Each message carries the number of its channel; the
 * first of each channel names the port. Neither side gets more than the other takes.
 */
export class PortForwardStream extends Duplex {
  /** Resolves when the server has named the port on both channels; rejects when it has not before the end. */
  readonly ready: Promise<void>;
  readonly #socket: WebSocket;
  readonly #named = new Set<number>();
  #onReady: () => void = () => {};
  #onFailed: (error: Error) => void = () => {};

  /** Takes over an open WebSocket. */
  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false, highWaterMark });
    this.#socket = socket;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
    });
    this.ready.catch(() => {});
    // It may break at any time, also between two owners, or before whoever made it gets it: that must not end a process in
    // which nobody listens just then.
    this.on('error', () => {});
    socket.on('message', (data) => this.#receive(asBuffer(data)));
    socket.on('error', (error) => this.destroy(FairleadError.from(error, 'connection-lost', 'the port-forward broke')));
    socket.on('close', (code, reason) => this.#close(code, reason.toString()));
  }

  /** @internal */
  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], done);
  }

  /** @internal */
  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  /** @internal */
  override _final(done: (error?: Error | null) => void): void {
    // Before version 5 there is no way to end one direction only.
    if (this.#socket.protocol.startsWith('v5.')) this.#socket.send(Uint8Array.of(closeChannel, dataChannel), done);
    else if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.close(1000);
      done();
    } else done();
  }

  /** @internal */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#onFailed(error ?? new FairleadError('connection-lost', 'the port-forward was closed'));
    if (error || this.#socket.readyState !== this.#socket.OPEN) this.#socket.terminate();
    else this.#socket.close(1000);
    // A farewell that nobody answers must not keep the socket.
    if (this.#socket.isPaused) this.#socket.resume();
    done(error);
  }

  #send(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    const messages = cutChunks(chunks, maxMessageBytes);
    if (messages.length === 0) done();
    messages.forEach((pieces, index) => {
      const message = Buffer.concat([Uint8Array.of(dataChannel), ...pieces]);
      const isLast = index === messages.length - 1;
      this.#socket.send(message, { binary: true }, isLast ? (error) => done(error) : undefined);
    });
  }

  #receive(message: Buffer): void {
    const channel = message[0];
    const content = message.subarray(1);
    if (channel === undefined) return;
    if (channel === closeChannel) {
      if (content[0] === dataChannel) this.push(null);
    } else if (channel <= errorChannel && !this.#named.has(channel)) {
      this.#named.add(channel);
      if (this.#named.size === 2) this.#onReady();
    } else if (channel === errorChannel && content.length > 0) {
      this.destroy(
        new FairleadError('unreachable', `the port cannot be forwarded: ${content.toString('utf8').trim()}`),
      );
    } else if (channel === dataChannel && content.length > 0 && !this.readableEnded && !this.push(content)) {
      this.#socket.pause();
    }
  }

  #close(code: number, reason: string): void {
    if (this.destroyed) return;
    if (code === 1000 || code === 1001 || code === 1005) {
      this.#onFailed(new FairleadError('unreachable', 'the port-forward ended before it had begun'));
      this.push(null);
    } else {
      const why = reason === '' ? `code ${code}` : reason;
      this.destroy(new FairleadError('connection-lost', `the port-forward broke: ${why}`));
    }
  }
}

function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
