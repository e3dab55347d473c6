import type { TapDirection } from '@fairlead/core';
import { type HeaderField, spellHeaders } from '@fairlead/tunnel';
import { copyTo } from '../proxy/connection-taps.ts';
import type { PhaseHost } from '../proxy/phase.ts';
import type { TapSink } from '../proxy/tap-sink.ts';
import type { DivertedStream } from './diverted-stream.ts';
import { dataFrames, headersFrames, rstStream, settings } from './frame.ts';
import type { Http2Request } from './http2-request.ts';
import { preface } from './preface.ts';

/**
 * Copies of streams for those wiretaps that want them. A copy is a connection of HTTP/2 of its own: only the streams that
 * are wanted, with their numbers, and header blocks that spell everything out.
 */
export class TappedStreams {
  readonly #host: PhaseHost;
  /** Streams that the app answers. */
  readonly #ofApp = new Map<number, readonly TapSink[]>();
  readonly #begun = new WeakSet<TapSink>();

  constructor(host: PhaseHost) {
    this.#host = host;
  }

  /** Those who want a new stream; it is copied to them. */
  begin(id: number, request: Http2Request, isLast: boolean): readonly TapSink[] | undefined {
    const { port, taps } = this.#host;
    if (port.routes.wiretaps.length === 0) return undefined;
    const sinks = taps.forRequest(request, port.routes, 'http2');
    for (const sink of sinks ?? []) {
      if (this.#begun.has(sink)) continue;
      this.#begun.add(sink);
      copyTo([sink], 'request', Buffer.concat([preface, settings()]));
      copyTo([sink], 'response', settings());
    }
    this.fields('request', sinks, id, request.fields, isLast);
    return sinks;
  }

  /** The app answers this stream. */
  followApp(id: number, sinks: readonly TapSink[] | undefined): void {
    if (sinks) this.#ofApp.set(id, sinks);
  }

  /** Those who want a stream that the app answers. */
  ofApp(id: number): readonly TapSink[] | undefined {
    return this.#ofApp.size === 0 ? undefined : this.#ofApp.get(id);
  }

  /** The app's answer is over. */
  forgetApp(id: number): void {
    if (this.#ofApp.size > 0) this.#ofApp.delete(id);
  }

  /** Copies header fields. */
  fields(
    direction: TapDirection,
    sinks: readonly TapSink[] | undefined,
    id: number,
    fields: readonly HeaderField[],
    isLast: boolean,
  ): void {
    if (sinks) copyTo(sinks, direction, headersFrames(id, spellHeaders(fields), isLast));
  }

  /** Copies a head or trailers of a diverted stream's answer, and says whose it is. */
  answered(stream: DivertedStream, fields: readonly HeaderField[], isLast: boolean): void {
    servedBy(stream);
    this.fields('response', stream.taps, stream.id, fields, isLast);
  }

  /** Copies the end of a diverted stream, and says who had it: there may be no answer before it. */
  ended(direction: TapDirection, stream: DivertedStream, code: number): void {
    servedBy(stream);
    this.reset(direction, stream.taps, stream.id, code);
  }

  /** Copies a part of a body. */
  data(
    direction: TapDirection,
    sinks: readonly TapSink[] | undefined,
    id: number,
    bytes: Buffer,
    isLast: boolean,
  ): void {
    if (sinks && (bytes.length > 0 || isLast)) copyTo(sinks, direction, dataFrames(id, bytes, isLast));
  }

  /** Copies the end of a stream. */
  reset(direction: TapDirection, sinks: readonly TapSink[] | undefined, id: number, code: number): void {
    if (sinks) copyTo(sinks, direction, rstStream(id, code));
  }
}

/** Says whose that is which comes next. */
function servedBy({ taps, upstream, intercept }: DivertedStream): void {
  if (!upstream?.isApp) for (const sink of taps ?? []) sink.servedBy(intercept.id);
}
