import { encodeHeaders, HeaderDecoder } from '@fairlead/tunnel';
import type { PhaseHost } from '../proxy/phase.ts';
import { type CompiledIntercept, interceptFor } from '../proxy/routes.ts';
import type { AppFrames } from './app-frames.ts';
import type { AppStreams } from './app-streams.ts';
import type { ClientWindow } from './client-window.ts';
import type { DivertedStreams } from './diverted-streams.ts';
import { ack, endStream, frameType, headersFrames, mostWindow, setting, windowUpdate } from './frame.ts';
import { BadFrame, FrameReader } from './frame-reader.ts';
import { Http2Request } from './http2-request.ts';
import type { TappedStreams } from './tapped-streams.ts';

/** What {@link ClientFrames} work with. */
export interface ClientFramesParts {
  readonly host: PhaseHost;
  readonly window: ClientWindow;
  readonly diverted: DivertedStreams;
  readonly ofApp: AppStreams;
  readonly answers: AppFrames;
  readonly tapped: TappedStreams;
  /** A stream of the app is over. */
  readonly onOver: () => void;
}

/**
 * The client's frames on their way. Those for the app go as they are; those of diverted streams are taken out. Once a
 * stream was diverted, the header blocks for the app are written anew, as they may refer to one that it did not get.
 */
export class ClientFrames {
  /** A stream of this connection was diverted. */
  isRouted = false;
  /** Streams after this one are not looked at any more: the client was told so. */
  lastWanted: number = mostWindow;
  /** The highest number of a stream. */
  highest = 0;
  readonly #parts: ClientFramesParts;
  readonly #frames = new FrameReader();
  readonly #decoder = new HeaderDecoder();
  /** What of the bytes being read goes to the app begins here. */
  #from = 0;
  /** The app has to forget its table before it reads the next block. */
  #clearsTable = true;
  /** The frame whose parts come is for nobody, or for a diverted stream. */
  #isTaken = false;

  constructor(parts: ClientFramesParts) {
    this.#parts = parts;
  }

  /** Reads what the client sent. Throws when it cannot be read: then {@link unsent} is what the app did not get. */
  take(bytes: Buffer): void {
    const frames = this.#frames;
    frames.push(bytes);
    this.#from = 0;
    while (frames.next()) this.#takeFrame();
    this.#pass(frames.start);
  }

  /** What came and was not passed on. */
  unsent(): Buffer {
    const { data, start } = this.#frames;
    return this.#from < start ? data.subarray(this.#from) : this.#frames.unread();
  }

  /** The app allows the client a header table of this size. */
  allowTable(bytes: number): void {
    this.#decoder.allow(bytes);
    this.#clearsTable = true;
  }

  #takeFrame(): void {
    const { type, id } = this.#frames;
    switch (type) {
      case frameType.data:
        this.#takeData();
        break;
      case frameType.headers:
        this.#takeHeaders();
        break;
      case frameType.windowUpdate:
        this.#takeWindow();
        break;
      case frameType.rstStream:
        this.#takeReset();
        break;
      case frameType.settings:
        this.#takeSettings();
        break;
      case frameType.priority:
        this.#takePriority(id);
        return;
      case frameType.priorityUpdate:
        this.#takePriority(this.#number() & mostWindow);
        return;
      case frameType.continuation:
      case frameType.pushPromise:
        throw new BadFrame('a frame that no client sends there');
    }
  }

  #takeData(): void {
    const { id, hasHead, length, left, flags } = this.#frames;
    const { diverted, tapped } = this.#parts;
    if (!this.isRouted) {
      this.#tapData();
      return;
    }
    const stream = diverted.get(id);
    if (hasHead) this.#isTaken = stream !== undefined || !this.#isForApp(id);
    if (!this.#isTaken) {
      if (tapped.ofApp(id)) this.#tapData();
      return;
    }
    const bytes = this.#frames.payload();
    this.#remove();
    // Padding is used up with the frame, and nobody takes it.
    const padding = hasHead ? length - left - bytes.length : 0;
    if (padding > 0) diverted.use(padding);
    if (stream) diverted.take(stream, bytes, (flags & endStream) !== 0 && left === 0, padding);
    else diverted.use(bytes.length);
  }

  #tapData(): void {
    const { id, left, flags } = this.#frames;
    const { tapped } = this.#parts;
    const sinks = tapped.ofApp(id);
    if (sinks) tapped.data('request', sinks, id, this.#frames.payload(), (flags & endStream) !== 0 && left === 0);
  }

  #takeHeaders(): void {
    const { id } = this.#frames;
    if (id === 0 || id % 2 === 0) throw new BadFrame('a stream that no client opens');
    if (id > this.highest) this.#open(id);
    else this.#takeTrailers(id);
  }

  #open(id: number): void {
    const { host, diverted, ofApp, tapped } = this.#parts;
    const { routes } = host.port;
    const isLast = (this.#frames.flags & endStream) !== 0;
    this.highest = id;
    if (routes.isPassive && !routes.tcp && !this.isRouted) {
      this.#decoder.follow(this.#frames.block());
      this.#noteResize();
      ofApp.begin(id);
      return;
    }
    const request = new Http2Request(this.#decoder.read(this.#frames.block()));
    this.#noteResize();
    const intercept = request.isComplete ? this.#interceptFor(request) : undefined;
    if (intercept) this.isRouted = true;
    if (intercept && id > this.lastWanted) {
      this.#remove();
      diverted.ignore(id);
      return;
    }
    const { misses } = host.port;
    if (misses.isActive && request.isComplete) misses.saw(request, routes, intercept?.id);
    const sinks = tapped.begin(id, request, isLast);
    if (intercept) {
      this.#remove();
      diverted.open(id, request, intercept, isLast, sinks);
      return;
    }
    ofApp.begin(id);
    tapped.followApp(id, sinks);
    if (this.isRouted) this.#rewrite(id, request);
  }

  #takeTrailers(id: number): void {
    const { diverted, tapped } = this.#parts;
    const stream = this.isRouted ? diverted.get(id) : undefined;
    const sinks = tapped.ofApp(id);
    if (!this.isRouted && !sinks) {
      this.#decoder.follow(this.#frames.block());
      this.#noteResize();
      return;
    }
    const fields = this.#decoder.read(this.#frames.block());
    this.#noteResize();
    if (stream) {
      this.#remove();
      diverted.takeTrailers(stream, fields);
    } else if (this.isRouted && !this.#isForApp(id)) {
      this.#remove();
    } else {
      tapped.fields('request', sinks, id, fields, true);
      if (this.isRouted) this.#rewrite(id, { fields });
    }
  }

  /** An intercept of everything stands before all that ask for single requests. */
  #interceptFor(request: Http2Request): CompiledIntercept | undefined {
    const { routes } = this.#parts.host.port;
    return routes.tcp?.wants(request) ? routes.tcp : interceptFor(request, routes);
  }

  #takeWindow(): void {
    const { id } = this.#frames;
    const { window, diverted, answers } = this.#parts;
    const bytes = this.#number() & mostWindow;
    if (id === 0) {
      const forApp = window.returned(bytes);
      if (forApp < bytes) {
        this.#remove();
        if (forApp > 0) this.#toApp(windowUpdate(0, forApp));
      }
      answers.pump();
      diverted.pump();
      return;
    }
    if (!this.isRouted) return;
    const stream = diverted.get(id);
    if (stream || !this.#isForApp(id)) this.#remove();
    if (stream) diverted.credit(stream, bytes);
  }

  /** The app hears of its own streams only. */
  #takePriority(id: number): void {
    const isOfApp = !this.#parts.diverted.get(id) && this.#isForApp(id);
    if (this.isRouted && !isOfApp) this.#remove();
  }

  #takeReset(): void {
    const { id } = this.#frames;
    const { diverted, ofApp, tapped, onOver } = this.#parts;
    const code = this.#number();
    const stream = this.isRouted ? diverted.get(id) : undefined;
    if (stream) {
      this.#remove();
      diverted.cancel(stream, code);
    } else if (this.isRouted && !this.#isForApp(id)) {
      this.#remove();
    } else {
      tapped.reset('request', tapped.ofApp(id), id, code);
      tapped.forgetApp(id);
      ofApp.end(id);
      onOver();
    }
  }

  #takeSettings(): void {
    const { diverted, answers } = this.#parts;
    if (this.#frames.flags & ack) return;
    const payload = this.#frames.payload();
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const id = payload.readUInt16BE(at);
      if (id === setting.initialWindowSize && value <= mostWindow) diverted.resize(value);
      if (id === setting.headerTableSize) answers.allowTable(value);
    }
  }

  #noteResize(): void {
    if (this.#decoder.hasResized) this.#clearsTable = true;
  }

  /** The app knows the stream, or will not mind to hear of it: it counts as closed there. Others are idle for it. */
  #isForApp(id: number): boolean {
    const { ofApp, diverted } = this.#parts;
    return id % 2 === 0 || (id <= ofApp.highest && !diverted.isGone(id));
  }

  /** Replaces the header block that was read by one that needs no table. */
  #rewrite(id: number, { fields }: Pick<Http2Request, 'fields'>): void {
    this.#remove();
    const isLast = (this.#frames.flags & endStream) !== 0;
    const block = encodeHeaders(fields, this.#clearsTable);
    this.#toApp(headersFrames(id, block, isLast, this.#frames.priority()));
    this.#clearsTable = false;
  }

  /** The app does not get the piece that was read. */
  #remove(): void {
    const { start, end } = this.#frames;
    this.#pass(start);
    this.#from = end;
  }

  /** The app gets what was read up to there. */
  #pass(to: number): void {
    const from = this.#from;
    if (to <= from) return;
    const { data } = this.#frames;
    this.#from = to;
    this.#toApp(from === 0 && to === data.length ? data : data.subarray(from, to));
  }

  #toApp(bytes: Buffer): void {
    const { host } = this.#parts;
    host.send(host.sides.app(), bytes);
  }

  #number(): number {
    const payload = this.#frames.payload();
    const isRight = this.#frames.type === frameType.priorityUpdate ? payload.length >= 4 : payload.length === 4;
    if (!isRight) throw new BadFrame('a frame of the wrong length');
    return payload.readUInt32BE(0);
  }
}
