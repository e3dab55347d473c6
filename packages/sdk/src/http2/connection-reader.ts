import { HeaderDecoder } from '@fairlead/tunnel';
import type { RawHeaders } from '../handler/raw-headers.ts';
import { FrameReader } from './frame-reader.ts';

/** What the streams of one direction say. */
export interface StreamEvents {
  /** The fields of a head, pseudo-headers first, or those after a body. */
  fields(stream: number, raw: RawHeaders, isLast: boolean): void;
  /** A part of a body. Valid during this call only. */
  data(stream: number, bytes: Uint8Array, isLast: boolean): void;
  /** The stream was ended before its time. */
  reset(stream: number): void;
}

/** Reads both directions of a connection of HTTP/2 from a copy of their bytes. It judges nothing. */
export class ConnectionReader {
  readonly #frames: Readonly<Record<'request' | 'response', FrameReader>>;

  constructor(events: Readonly<Record<'request' | 'response', StreamEvents>>) {
    const decoders = { request: new HeaderDecoder(), response: new HeaderDecoder() };
    const reader = (direction: 'request' | 'response', other: 'request' | 'response'): FrameReader => {
      const told = events[direction];
      return new FrameReader(direction, {
        block: (stream, block, isLast) => {
          const fields = decoders[direction].read(block);
          const raw = fields.flatMap(({ name, value }) => [name, value]);
          told.fields(stream, raw, isLast);
        },
        data: (stream, bytes, isLast) => told.data(stream, bytes, isLast),
        reset: (stream) => told.reset(stream),
        headerTable: (bytes) => decoders[other].allow(bytes),
      });
    };
    this.#frames = { request: reader('request', 'response'), response: reader('response', 'request') };
  }

  /** Bytes of one direction. Throws on what is no HTTP/2: the rest of both cannot be read then. */
  take(direction: 'request' | 'response', bytes: Uint8Array): void {
    this.#frames[direction].take(bytes);
  }
}
