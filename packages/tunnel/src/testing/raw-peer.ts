import { type Duplex, duplexPair } from 'node:stream';
import { frameType, headerBytes, writeHeader } from '../frame.ts';
import { encodeSettings, type Settings } from '../settings.ts';
import { until } from './settled.ts';

/** A frame as it was on the wire. */
export interface RawFrame {
  readonly streamId: number;
  readonly type: number;
  readonly payload: Buffer;
}

/** Settings that allow a lot. */
export const generous: Settings = {
  initialWindowBytes: 16 * 1024,
  maxStreams: 1024,
  maxPendingOpens: 512,
  maxMetadataBytes: 16 * 1024,
};

/** The bytes of any frame, well-formed or not. */
export function rawFrame(type: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(headerBytes);
  writeHeader(header, 0, streamId, type, payload.length);
  return Buffer.concat([header, payload]);
}

/** An OPEN frame. */
export function rawOpen(streamId: number, metadata = '', firstBytes = ''): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(metadata));
  return rawFrame(frameType.open, streamId, Buffer.concat([length, Buffer.from(metadata + firstBytes)]));
}

/** All complete frames in the bytes, read by the letter of the format and not by the code under test. */
export function parseFrames(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 8 + bytes.readUIntBE(at + 5, 3);
    if (bytes.length < end) break;
    frames.push({ streamId: bytes.readUInt32BE(at), type: bytes[at + 4] ?? 0, payload: bytes.subarray(at + 8, end) });
    at = end;
  }
  return frames;
}

/** The other end of a transport, in the hands of the test: it says what it likes and records what it hears. */
export class RawPeer {
  /** Hand this to the session under test. */
  readonly transport: Duplex;
  readonly #own: Duplex;
  #heard: Buffer = Buffer.alloc(0);

  constructor() {
    [this.transport, this.#own] = duplexPair();
    this.#own.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk]);
    });
    this.#own.on('error', () => {});
    this.#own.on('end', () => this.#own.end());
  }

  /** Every frame heard so far. */
  get frames(): RawFrame[] {
    return parseFrames(this.#heard);
  }

  /** Every frame of one type heard so far. */
  heard(type: keyof typeof frameType): RawFrame[] {
    return this.frames.filter((frame) => frame.type === frameType[type]);
  }

  /** Resolves when so many frames of a type were heard, with the last of them. */
  async hears(type: keyof typeof frameType, count = 1): Promise<RawFrame> {
    await until(() => this.heard(type).length >= count, `${count} ${type} heard`);
    return this.heard(type)[count - 1] as RawFrame;
  }

  /** Says bytes. */
  say(...frames: Buffer[]): void {
    this.#own.write(Buffer.concat(frames));
  }

  /** Introduces itself. */
  greet(settings: Partial<Settings> = {}): void {
    this.say(encodeSettings({ ...generous, ...settings }));
  }

  /** Ends the transport from this side. */
  hangUp(): void {
    this.#own.end();
  }
}
