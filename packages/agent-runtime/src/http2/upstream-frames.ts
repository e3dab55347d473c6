import { HeaderDecoder, type HeaderField } from '@fairlead/tunnel';
import { ack, endStream, frameType, mostWindow, setting } from './frame.ts';
import { BadFrame, FrameReader } from './frame-reader.ts';

/** What the other end asks for, as far as it is looked at. */
export interface PeerSettings {
  /** How many streams it takes at once. */
  readonly mostStreams: number | undefined;
  /** How much it takes on a new stream, in bytes. */
  readonly window: number | undefined;
}

/** What {@link UpstreamFrames} tell; streams by their numbers there. */
export interface UpstreamEvents {
  /** The connection is closed: no more is read. */
  readonly isOver: boolean;
  /** How many streams the other end takes at once. */
  mostStreams: number;
  /** A part of a body. `length` is what it takes of the window: that of the whole frame, with its first part. */
  gotData(id: number, bytes: Buffer, length: number, padding: number, isLast: boolean): void;
  gotFields(id: number, fields: readonly HeaderField[], isLast: boolean): void;
  gotReset(id: number, code: number): void;
  gotSettings(settings: PeerSettings): void;
  gotPing(payload: Buffer): void;
  /** Streams after `last` are not looked at. */
  gotGoAway(last: number): void;
  /** The other end takes so much more, on stream 0 of all together. */
  gotWindow(id: number, bytes: number): void;
}

/** Reads what whoever answers diverted streams sends. */
export class UpstreamFrames {
  /** The other end has said its settings: it speaks HTTP/2. */
  hasBegun = false;
  readonly #told: UpstreamEvents;
  readonly #frames = new FrameReader();
  readonly #decoder = new HeaderDecoder();

  constructor(told: UpstreamEvents) {
    this.#told = told;
  }

  /** Reads on. Throws {@link BadFrame} or `BadHeaderBlock` on what cannot be read. */
  take(bytes: Buffer): void {
    const frames = this.#frames;
    frames.push(bytes);
    while (!this.#told.isOver && frames.next()) this.#take();
  }

  #take(): void {
    const told = this.#told;
    const { type, id, flags } = this.#frames;
    if (!this.hasBegun) {
      if (type !== frameType.settings || flags & ack) throw new BadFrame('what answers there does not speak HTTP/2');
      this.hasBegun = true;
      told.mostStreams = Number.POSITIVE_INFINITY;
    }
    switch (type) {
      case frameType.data:
        this.#takeData();
        break;
      case frameType.headers:
        told.gotFields(id, this.#decoder.read(this.#frames.block()), (flags & endStream) !== 0);
        break;
      case frameType.rstStream:
        told.gotReset(id, this.#number());
        break;
      case frameType.settings:
        if ((flags & ack) === 0) told.gotSettings(readSettings(this.#frames.payload()));
        break;
      case frameType.ping:
        if ((flags & ack) === 0) told.gotPing(this.#frames.payload());
        break;
      case frameType.goAway:
        told.gotGoAway(this.#number() & mostWindow);
        break;
      case frameType.windowUpdate:
        told.gotWindow(id, this.#number() & mostWindow);
        break;
      case frameType.pushPromise:
        throw new BadFrame('it pushes what nobody asked for');
    }
  }

  #takeData(): void {
    const { id, flags, hasHead, length, left } = this.#frames;
    const bytes = this.#frames.payload();
    const padding = hasHead ? length - left - bytes.length : 0;
    const isLast = (flags & endStream) !== 0 && left === 0;
    this.#told.gotData(id, bytes, hasHead ? length : 0, padding, isLast);
  }

  #number(): number {
    const payload = this.#frames.payload();
    if (payload.length < 4) throw new BadFrame('a frame is too short');
    return payload.readUInt32BE(0);
  }
}

function readSettings(payload: Buffer): PeerSettings {
  const read: { -readonly [Name in keyof PeerSettings]: PeerSettings[Name] } = {
    mostStreams: undefined,
    window: undefined,
  };
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    const id = payload.readUInt16BE(at);
    if (id === setting.maxConcurrentStreams) read.mostStreams = value;
    if (id !== setting.initialWindowSize) continue;
    if (value > mostWindow) throw new BadFrame('a window is too large');
    read.window = value;
  }
  return read;
}
