import type { HeaderField } from '@fairlead/tunnel';
import type { CompiledIntercept } from '../proxy/routes.ts';
import type { TapSink } from '../proxy/tap-sink.ts';
import type { Http2Request } from './http2-request.ts';
import { RequestBody } from './request-body.ts';

/** A part of an answer that waits for the client's window, or for what is before it. */
export type WaitingPart =
  | { readonly kind: 'fields'; readonly fields: readonly HeaderField[]; readonly isLast: boolean }
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly isLast: boolean };

/** Whoever answers diverted streams, as a stream sees it. */
export interface Answerer {
  /** It is the app. */
  readonly isApp: boolean;
  /** Sends of a stream's request what there is and may be sent. */
  pump(stream: DivertedStream): void;
  /** The client takes so much more on a stream. */
  credit(stream: DivertedStream, bytes: number): void;
  /** So many bytes of an answer were taken: as many more may come. */
  taken(bytes: number): void;
  /** Ends a stream; nothing is told of it any more. */
  cancel(stream: DivertedStream, code: number): void;
}

/** What a diverted stream begins with. */
export interface DivertedStreamParts {
  readonly id: number;
  readonly request: Http2Request;
  readonly intercept: CompiledIntercept;
  /** How much of the request is kept for the app, should the holder fail, in bytes. */
  readonly keptBytes: number;
  /** How much the client takes on the stream. */
  readonly window: number;
  readonly taps: readonly TapSink[] | undefined;
}

/** One stream of the client's connection that somebody else than the app answers. */
export class DivertedStream {
  /** The number that the client gave it. */
  readonly id: number;
  readonly request: Http2Request;
  readonly intercept: CompiledIntercept;
  readonly body: RequestBody;
  readonly taps: readonly TapSink[] | undefined;
  /** The fields after the body. */
  trailers: readonly HeaderField[] | undefined;
  /** Who answers. */
  upstream: Answerer | undefined;
  /** Its number there. */
  upstreamId = 0;
  /** How much whoever answers takes on the stream. */
  upstreamWindow = 0;
  /** A first connection of its holder has not looked at it: it was sent over a second one. */
  hasMoved = false;
  /** Body bytes that were passed on, and of which the client has not heard. */
  owed = 0;
  /** Fields of the final answer came. */
  isAnswered = false;
  /** The answer came to its end. */
  isAnswerOver = false;
  /** Whoever answered wants no more of the request: the stream ends so when the client has the answer. */
  endsWith: number | undefined;
  /** How much the client takes on the stream. */
  window: number;
  /** What of the answer the client did not get yet. */
  readonly waiting: WaitingPart[] = [];

  constructor(parts: DivertedStreamParts) {
    this.id = parts.id;
    this.request = parts.request;
    this.intercept = parts.intercept;
    this.body = new RequestBody(parts.keptBytes);
    this.window = parts.window;
    this.taps = parts.taps;
  }

  /** Both directions have ended, and the client got everything. */
  get isOver(): boolean {
    return this.isAnswerOver && this.waiting.length === 0 && this.body.isOver;
  }
}
