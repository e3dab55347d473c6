import type { Socket } from 'node:net';
import { BadHeaderBlock, encodeHeaders, type HeaderField } from '@fairlead/tunnel';
import { DivertedSide } from '../proxy/diverted-side.ts';
import type { Side, SideOwner } from '../proxy/side.ts';
import type { Answerer, DivertedStream } from './diverted-stream.ts';
import {
  ack,
  dataFrames,
  defaultWindow,
  errorCode,
  frame,
  frameType,
  goAway,
  headersFrames,
  mostWindow,
  rstStream,
  setting,
  settings,
  windowUpdate,
} from './frame.ts';
import { FrameOutput } from './frame-output.ts';
import { BadFrame } from './frame-reader.ts';
import { InboundWindow } from './inbound-window.ts';
import { preface } from './preface.ts';
import { type PeerSettings, type UpstreamEvents, UpstreamFrames } from './upstream-frames.ts';

/** What the other end may send beyond what the client took, on all streams together, in bytes. */
const connectionWindow = 1 << 20;
/** So many streams are opened before the other end has said how many it takes. */
const streamsBeforeSettings = 100;

/** What an {@link Upstream} tells of its streams. */
export interface UpstreamOwner {
  /** The fields of an answer, interim or final, or those after its body. */
  answered(stream: DivertedStream, fields: readonly HeaderField[], isLast: boolean): void;
  /** A part of an answer's body. Valid during this call only. Whoever took it says so by {@link Upstream.taken}. */
  answeredData(stream: DivertedStream, bytes: Buffer, isLast: boolean): void;
  /** So many body bytes were passed on. */
  sent(stream: DivertedStream, bytes: number): void;
  /** The stream was ended by the other end. It is forgotten here. */
  wasReset(stream: DivertedStream, code: number): void;
  /**
   * The other end has not looked at the stream, and will not. It is forgotten here. `mayMove`: another connection to the
   * same end may be luckier.
   */
  wasRefused(stream: DivertedStream, error: Error, mayMove: boolean): void;
  /** The connection is lost, and with it the stream, upon which somebody may have acted. */
  wasLost(stream: DivertedStream, error: Error): void;
  /** A stream came to its end; there may be none left. */
  wasDone(upstream: Upstream): void;
}

/** What an {@link Upstream} is made of. */
export interface UpstreamParts {
  readonly client: Socket;
  readonly owner: UpstreamOwner;
  /** Opens the way to the other end. */
  readonly open: (owner: SideOwner) => Side;
  /** How much a client takes on a new stream, in bytes. */
  readonly window: number;
  /** How many streams another connection to the same end takes, if that is known. */
  readonly mostStreams: number | undefined;
}

/**
 * A connection of HTTP/2 to whoever answers diverted streams of one client connection: the holder of an intercept, or
 * the app when a holder failed. We are the client on it.
 */
export class Upstream implements SideOwner, Answerer, UpstreamEvents {
  readonly client: Socket;
  /** It is closed, or as good as. */
  isOver = false;
  /** How many streams it takes at once. */
  mostStreams: number;
  readonly #owner: UpstreamOwner;
  readonly #side: Side;
  readonly #out = new FrameOutput((bytes) => this.#write(bytes));
  readonly #frames: UpstreamFrames;
  readonly #inbound = new InboundWindow(connectionWindow);
  readonly #streams = new Map<number, DivertedStream>();
  #nextId = 1;
  /** How much the other end takes: on the connection, and on a new stream. */
  #window = defaultWindow;
  #windowOfStreams = defaultWindow;
  /** How much the client takes on a new stream. */
  #windowOfClient: number;
  #isBlocked = false;
  /** The other end is about to close it. */
  #isLeaving = false;

  constructor({ client, owner, open, window, mostStreams = streamsBeforeSettings }: UpstreamParts) {
    this.client = client;
    this.#owner = owner;
    this.mostStreams = Math.min(mostStreams, streamsBeforeSettings);
    this.#windowOfClient = window;
    this.#frames = new UpstreamFrames(this);
    this.#side = open(this);
    this.#send(preface);
    this.#send(settings([setting.enablePush, 0], [setting.initialWindowSize, window]));
    this.#send(windowUpdate(0, connectionWindow - defaultWindow));
  }

  /** Another stream may be opened on it. */
  get canOpen(): boolean {
    return !this.isOver && !this.#isLeaving && this.#streams.size < this.mostStreams && this.#nextId < mostWindow;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  get isApp(): boolean {
    return this.#side.isApp;
  }

  /** Sends the head of a stream's request, and of its body what there is and may be sent. */
  open(stream: DivertedStream): void {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#streams.set(id, stream);
    stream.upstream = this;
    stream.upstreamId = id;
    stream.upstreamWindow = this.#windowOfStreams;
    const { body, trailers } = stream;
    const isWhole = body.isOver && body.size === 0 && !trailers;
    if (isWhole) body.isSent = true;
    this.#send(headersFrames(id, encodeHeaders(stream.request.fields), isWhole));
    if (stream.window > this.#windowOfClient) this.#send(windowUpdate(id, stream.window - this.#windowOfClient));
    this.pump(stream);
  }

  pump(stream: DivertedStream): void {
    const { body, upstreamId: id } = stream;
    if (this.#streams.get(id) !== stream) return;
    while (body.size > 0 && !this.#isBlocked) {
      const most = Math.min(this.#window, stream.upstreamWindow);
      if (most <= 0) return;
      const bytes = body.take(most);
      this.#window -= bytes.length;
      stream.upstreamWindow -= bytes.length;
      const isLast = body.isOver && body.size === 0 && !stream.trailers;
      if (isLast) body.isSent = true;
      this.#send(dataFrames(id, bytes, isLast));
      this.#owner.sent(stream, bytes.length);
    }
    if (!body.isOver || body.size > 0) return;
    if (!body.isSent) {
      body.isSent = true;
      const { trailers } = stream;
      this.#send(trailers ? headersFrames(id, encodeHeaders(trailers), true) : dataFrames(id, Buffer.alloc(0), true));
    }
    this.#forgetIfOver(stream);
  }

  credit(stream: DivertedStream, bytes: number): void {
    if (!stream.isAnswerOver) this.#send(windowUpdate(stream.upstreamId, bytes));
  }

  /** The client takes so much on each new stream from now on, and on the others as much more or less. */
  resize(window: number): void {
    this.#windowOfClient = window;
    this.#send(settings([setting.initialWindowSize, window]));
  }

  taken(bytes: number): void {
    const back = this.#inbound.taken(bytes);
    if (back > 0) this.#send(windowUpdate(0, back));
  }

  cancel(stream: DivertedStream, code: number): void {
    this.#streams.delete(stream.upstreamId);
    this.#send(rstStream(stream.upstreamId, code));
    this.#done();
  }

  /** Takes nothing for now. */
  pause(): void {
    if (this.#side instanceof DivertedSide) this.#side.pause();
  }

  /** The client can take bytes again. */
  resume(): void {
    this.#side.resume();
  }

  /** Nobody needs it any more. */
  finish(): void {
    if (this.isOver) return;
    for (const id of this.#streams.keys()) this.#send(rstStream(id, errorCode.cancel));
    this.#send(goAway(0, errorCode.noError));
    this.#out.flush();
    this.isOver = true;
    this.#side.finish();
  }

  /** The client was cut off. */
  abort(): void {
    this.isOver = true;
    this.#side.abort();
  }

  sideSent(_side: Side, bytes: Buffer): void {
    try {
      this.#frames.take(bytes);
    } catch (error) {
      if (!(error instanceof BadFrame) && !(error instanceof BadHeaderBlock)) throw error;
      this.#fail(error, error instanceof BadFrame ? errorCode.protocolError : errorCode.compressionError);
    }
  }

  sideReady(): void {
    this.#isBlocked = false;
    this.#out.flush();
    this.#pumpAll();
  }

  sideEnded(): void {
    this.#lost(new Error('it closed the connection'), false);
  }

  sideLost(_side: Side, error: Error): void {
    this.#lost(error, !this.#isAccepted);
  }

  /** Somebody took the connection, and may have acted upon what came over it. */
  get #isAccepted(): boolean {
    return this.#side instanceof DivertedSide ? this.#side.isAccepted : this.#frames.hasBegun;
  }

  gotData(id: number, bytes: Buffer, length: number, padding: number, isLast: boolean): void {
    const stream = this.#streams.get(id);
    this.#inbound.arrived(length);
    // Padding is nobody's: it is given back at once.
    if (padding > 0 && stream && !isLast) this.#send(windowUpdate(id, padding));
    this.taken(stream ? padding : padding + bytes.length);
    if (!stream) return;
    if (isLast) stream.isAnswerOver = true;
    if (bytes.length > 0 || isLast) this.#owner.answeredData(stream, bytes, isLast);
    this.#forgetIfOver(stream);
  }

  gotFields(id: number, fields: readonly HeaderField[], isLast: boolean): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (isLast) stream.isAnswerOver = true;
    this.#owner.answered(stream, fields, isLast);
    this.#forgetIfOver(stream);
  }

  gotReset(id: number, code: number): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    if (code === errorCode.refusedStream) this.#owner.wasRefused(stream, new Error('it refused the stream'), true);
    else this.#owner.wasReset(stream, code);
    this.#done();
  }

  gotSettings({ mostStreams, window }: PeerSettings): void {
    if (mostStreams !== undefined) this.mostStreams = mostStreams;
    if (window !== undefined) {
      for (const stream of this.#streams.values()) stream.upstreamWindow += window - this.#windowOfStreams;
      this.#windowOfStreams = window;
    }
    this.#send(frame(frameType.settings, ack, 0));
    this.#pumpAll();
  }

  gotPing(payload: Buffer): void {
    this.#send(frame(frameType.ping, ack, 0, payload));
  }

  gotGoAway(last: number): void {
    this.#isLeaving = true;
    for (const [id, stream] of this.#streams) {
      if (id <= last) continue;
      this.#streams.delete(id);
      this.#owner.wasRefused(stream, new Error('it was about to close the connection'), true);
    }
    this.#done();
  }

  gotWindow(id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    if (id === 0) {
      this.#window += bytes;
      this.#pumpAll();
    } else if (stream) {
      stream.upstreamWindow += bytes;
      this.pump(stream);
    }
  }

  #pumpAll(): void {
    for (const stream of this.#streams.values()) this.pump(stream);
  }

  #forgetIfOver(stream: DivertedStream): void {
    if (!stream.isAnswerOver || !stream.body.isSent || this.#streams.get(stream.upstreamId) !== stream) return;
    this.#streams.delete(stream.upstreamId);
    this.#done();
  }

  #done(): void {
    if (this.isOver) return;
    if (this.#isLeaving && this.#streams.size === 0) this.finish();
    this.#owner.wasDone(this);
  }

  #fail(error: Error, code: number): void {
    this.#send(goAway(0, code));
    this.#out.flush();
    const side = this.#side;
    // Who does not speak HTTP/2 has acted upon nothing.
    this.#lost(error, !this.#frames.hasBegun);
    side.finish();
  }

  #lost(error: Error, hasNotActed: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      if (hasNotActed) this.#owner.wasRefused(stream, error, false);
      else this.#owner.wasLost(stream, error);
    }
    this.#owner.wasDone(this);
  }

  #send(frames: Buffer): void {
    if (!this.isOver) this.#out.write(frames);
  }

  readonly #write = (bytes: Buffer): void => {
    if (!this.isOver && !this.#side.write(bytes)) this.#isBlocked = true;
  };
}
