import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Clock, FairleadError } from '@fairlead/core';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { dataFrames, finFlag, finFrame, pingFrame, synStreamFrame } from './frames.ts';
import { HeaderBlockWriter } from './header-block-writer.ts';
import { violation } from './violation.ts';

/** The streams of a forwarded port. Those of clients have odd numbers. */
const errorStream = 1;
const dataStream = 3;

/** How much may wait in each direction before the source is held, in bytes. */
const highWaterMark = 256 * 1024;

/** The longest frame that is sent, in bytes: servers hold each in memory before they pass it on. */
const maxFrameBytes = 64 * 1024;

/** How much of what the error stream says is kept, in bytes. */
const maxReasonBytes = 4 * 1024;

/** How many answers to pings may wait until the server reads them; further pings stay without one. */
const maxPongs = 16;

/** How long a server may take to answer the farewell, in milliseconds. */
const farewellMs = 5_000;

/**
 * How long the end of the bytes waits for the end of the other stream, in milliseconds: servers send on both at once, and why the
 * port could not be forwarded may come behind the end of what never was.
 */
const reasonMs = 250;

type Done = (error?: Error | null) => void;

/**
 * The bytes of one forwarded port, over a SPDY session of the API server that has no other: one stream carries the bytes,
 * another says why the port cannot be forwarded. There is no flow control but that of TCP: while nobody reads here, the
 * socket is not read, and a write is over when the socket has passed it on.
 */
export class SpdyPortForwardStream extends Duplex {
  /** Resolves when the server has accepted both streams; rejects when it has not before the end. */
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #reader: FrameReader = new FrameReader(this.#handler());
  readonly #accepted = new Set<number>();
  readonly #ended = new Set<number>();
  #reason: Buffer = Buffer.alloc(0);
  #pongs = 0;
  #ending: Disposable | undefined;
  #onReady: () => void = () => {};
  #onFailed: (error: Error) => void = () => {};

  /** Takes over a socket on which the server has agreed to speak SPDY/3.1, and has it forward this port. */
  constructor(socket: Socket, port: number, clock: Clock) {
    super({ allowHalfOpen: false, highWaterMark });
    this.#socket = socket;
    this.#clock = clock;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
    });
    this.ready.catch(() => {});
    // It may break at any time, also between two owners, or before whoever made it gets it: that must not end a process in
    // which nobody listens just then.
    this.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#lose(error));
    socket.on('end', () => this.#lose('the connection was closed'));
    socket.on('close', () => this.#lose('the connection was closed'));
    this.#open(port);
  }

  /** @internal */
  override _read(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send([chunk], done);
  }

  /** @internal */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  /** @internal */
  override _final(done: Done): void {
    // Who has ended may be gone already, and misses nothing then.
    if (this.#socket.writable) this.#socket.write(finFrame(dataStream), () => done());
    else done();
  }

  /** @internal */
  override _destroy(error: Error | null, done: Done): void {
    this.#onFailed(error ?? new FairleadError('connection-lost', 'the port-forward was closed'));
    this.#ending?.[Symbol.dispose]();
    if (error) this.#socket.destroy();
    else this.#bidFarewell();
    done(error);
  }

  /** Lets what was written go out: a socket that is closed over bytes that nobody has read takes it back. */
  #bidFarewell(): void {
    if (this.#socket.destroyed) return;
    const patience = this.#clock.after(farewellMs, () => this.#socket.destroy());
    this.#socket.once('close', () => patience[Symbol.dispose]());
    this.#socket.end();
    this.#socket.resume();
  }

  #open(port: number): void {
    const blocks = new HeaderBlockWriter();
    const headers = (streamtype: string): Buffer => blocks.write({ streamtype, port: String(port), requestid: '0' });
    const streams = [
      // Only the server speaks on this one.
      synStreamFrame(errorStream, headers('error'), finFlag),
      synStreamFrame(dataStream, headers('data')),
    ];
    this.#socket.write(Buffer.concat(streams));
  }

  #send(chunks: readonly Buffer[], done: Done): void {
    const parts = dataFrames(dataStream, chunks, maxFrameBytes);
    const last = parts.pop();
    if (!last) {
      done();
      return;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.write(last, (error) => done(error && this.#failure(error)));
    this.#socket.uncork();
  }

  #read(chunk: Buffer): void {
    if (this.destroyed) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      // Where frames begin is lost with the rest of the chunk.
      this.destroy(this.#failure(error));
      // Not ours: whoever gets the bytes has thrown it.
      if (!(error instanceof FairleadError)) throw error;
    }
  }

  /** What it throws ends the session. */
  #handler(): FrameHandler {
    return {
      onReply: (stream) => {
        this.#accepted.add(known(stream));
        if (this.#accepted.size === 2) this.#onReady();
      },
      onData: (stream, bytes) => {
        if (this.#ended.has(known(stream))) throw violation('bytes come after the end of their stream');
        if (stream === errorStream) this.#reason = Buffer.concat([this.#reason, bytes]).subarray(0, maxReasonBytes);
        else if (!this.push(bytes)) this.#socket.pause();
      },
      onEnd: (stream) => {
        this.#ended.add(known(stream));
        if (this.#reason.length > 0) throw this.#failure('the server has ended it');
        if (this.#ended.size === 2) this.#finish();
        else if (stream === dataStream) this.#ending = this.#clock.after(reasonMs, () => this.#finish());
      },
      onReset: (stream, status) => {
        // Of a stream that has ended it only says that nobody reads what is still written to it.
        if (!this.#ended.has(known(stream))) throw this.#failure(`the server reset a stream with status ${status}`);
      },
      onPing: (id) => this.#pong(id),
      onGoAway: (lastStream) => {
        if (lastStream < dataStream) throw this.#failure('the server takes no more streams');
      },
    };
  }

  #pong(id: number): void {
    const isOurs = id % 2 === 1;
    if (isOurs || this.destroyed || this.#pongs >= maxPongs) return;
    this.#pongs++;
    this.#socket.write(pingFrame(id), () => this.#pongs--);
  }

  /** Nothing more comes. */
  #finish(): void {
    this.#ending?.[Symbol.dispose]();
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  /** After the end there is nothing to lose but what is being written, which says so itself. */
  #lose(why: unknown): void {
    if (this.destroyed) return;
    if (this.#ended.has(dataStream) && this.#reason.length === 0) this.#finish();
    else this.destroy(this.#failure(why));
  }

  /** What the error stream says is the reason for whatever fails. */
  #failure(why: unknown): FairleadError {
    const reason = this.#reason.toString('utf8').trim();
    if (reason !== '') return new FairleadError('unreachable', `the port cannot be forwarded: ${reason}`);
    return FairleadError.from(why, 'connection-lost', 'the port-forward broke');
  }
}

function known(stream: number): number {
  if (stream === errorStream || stream === dataStream) return stream;
  throw violation(`there is no stream ${stream}`);
}
