import type { Socket } from 'node:net';
import { BadHeaderBlock, encodeHeaders, HeaderDecoder, type HeaderField } from '@fairlead/tunnel';
import { DivertedSide } from '../proxy/diverted-side.ts';
import type { Side, SideOwner } from '../proxy/side.ts';
import type { Answerer, DivertedStream } from './diverted-stream.ts';
import {
  ack,
  dataFrames,
  defaultWindow,
  endStream,
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
import { BadFrame, FrameReader } from './frame-reader.ts';
import { preface } from './preface.ts';

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
export class Upstream implements SideOwner, Answerer {
  readonly client: Socket;
  /** It is closed, or as good as. */
  isOver = false;
  /** How many streams it takes at once. */
  mostStreams: number;
  readonly #owner: UpstreamOwner;
  readonly #side: Side;
  readonly #out = new FrameOutput((bytes) => this.#write(bytes));
  readonly #frames = new FrameReader();
  readonly #decoder = new HeaderDecoder();
  readonly #streams = new Map<number, DivertedStream>();
  #nextId = 1;
  /** How much the other end takes: on the connection, and on a new stream. */
  #window = defaultWindow;
  #windowOfStreams = defaultWindow;
  /** How much the client takes on a new stream. */
  #windowOfClient: number;
  /** How much the other end may still send, and how much of what it sent was taken and not given back. */
  #room = connectionWindow;
  #owed = 0;
  #isBlocked = false;
  #hasSettings = false;
  /** The other end is about to close it. */
  #isLeaving = false;

  constructor({ client, owner, open, window, mostStreams = streamsBeforeSettings }: UpstreamParts) {
    this.client = client;
    this.#owner = owner;
    this.mostStreams = Math.min(mostStreams, streamsBeforeSettings);
    this.#windowOfClient = window;
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
    this.#owed += bytes;
    if (this.#owed < connectionWindow / 4) return;
    this.#send(windowUpdate(0, this.#owed));
    this.#room += this.#owed;
    this.#owed = 0;
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
    const frames = this.#frames;
    try {
      frames.push(bytes);
      while (!this.isOver && frames.next()) this.#take();
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
    return this.#side instanceof DivertedSide ? this.#side.isAccepted : this.#hasSettings;
  }

  #take(): void {
    const { type, id, flags, hasHead } = this.#frames;
    if (!this.#hasSettings) {
      if (type !== frameType.settings || flags & ack) throw new BadFrame('what answers there does not speak HTTP/2');
      this.#hasSettings = true;
      this.mostStreams = Number.POSITIVE_INFINITY;
    }
    const stream = this.#streams.get(id);
    switch (type) {
      case frameType.data:
        this.#takeData(stream, hasHead);
        break;
      case frameType.headers:
        this.#takeFields(stream);
        break;
      case frameType.rstStream:
        if (stream) this.#takeReset(stream, this.#number());
        break;
      case frameType.settings:
        if ((flags & ack) === 0) this.#takeSettings(this.#frames.payload());
        break;
      case frameType.ping:
        if ((flags & ack) === 0) this.#send(frame(frameType.ping, ack, 0, this.#frames.payload()));
        break;
      case frameType.goAway:
        this.#takeGoAway(this.#number() & mostWindow);
        break;
      case frameType.windowUpdate:
        this.#takeWindow(stream, this.#number() & mostWindow);
        break;
      case frameType.pushPromise:
        throw new BadFrame('it pushes what nobody asked for');
    }
  }

  #takeData(stream: DivertedStream | undefined, hasHead: boolean): void {
    const { length, left, flags } = this.#frames;
    if (hasHead) this.#room -= length;
    if (this.#room < 0) throw new BadFrame('it sends more than it may');
    const bytes = this.#frames.payload();
    // Padding is nobody's: it is given back at once.
    const padding = hasHead ? length - left - bytes.length : 0;
    if (padding > 0 && stream && (flags & endStream) === 0) this.#send(windowUpdate(stream.upstreamId, padding));
    this.taken(stream ? padding : padding + bytes.length);
    if (!stream) return;
    const isLast = (flags & endStream) !== 0 && left === 0;
    if (isLast) stream.isAnswerOver = true;
    if (bytes.length > 0 || isLast) this.#owner.answeredData(stream, bytes, isLast);
    this.#forgetIfOver(stream);
  }

  #takeFields(stream: DivertedStream | undefined): void {
    const fields = this.#decoder.read(this.#frames.block());
    if (!stream) return;
    const isLast = (this.#frames.flags & endStream) !== 0;
    if (isLast) stream.isAnswerOver = true;
    this.#owner.answered(stream, fields, isLast);
    this.#forgetIfOver(stream);
  }

  #takeReset(stream: DivertedStream, code: number): void {
    this.#streams.delete(stream.upstreamId);
    if (code === errorCode.refusedStream) this.#owner.wasRefused(stream, new Error('it refused the stream'), true);
    else this.#owner.wasReset(stream, code);
    this.#done();
  }

  #takeSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case setting.maxConcurrentStreams:
          this.mostStreams = value;
          break;
        case setting.initialWindowSize:
          if (value > mostWindow) throw new BadFrame('a window is too large');
          for (const stream of this.#streams.values()) stream.upstreamWindow += value - this.#windowOfStreams;
          this.#windowOfStreams = value;
          break;
      }
    }
    this.#send(frame(frameType.settings, ack, 0));
    this.#pumpAll();
  }

  #takeGoAway(last: number): void {
    this.#isLeaving = true;
    for (const [id, stream] of this.#streams) {
      if (id <= last) continue;
      this.#streams.delete(id);
      this.#owner.wasRefused(stream, new Error('it was about to close the connection'), true);
    }
    this.#done();
  }

  #takeWindow(stream: DivertedStream | undefined, bytes: number): void {
    if (this.#frames.id === 0) {
      this.#window += bytes;
      this.#pumpAll();
    } else if (stream) {
      stream.upstreamWindow += bytes;
      this.pump(stream);
    }
  }

  #number(): number {
    const payload = this.#frames.payload();
    if (payload.length < 4) throw new BadFrame('a frame is too short');
    return payload.readUInt32BE(0);
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
    this.#lost(error, !this.#hasSettings);
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
