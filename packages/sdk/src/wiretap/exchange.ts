import type { CallSource } from '../handler/request-handler.ts';

/** A request and its answer, as a wiretap saw them. */
export interface Exchange {
  /** Counts from 1 in each wiretap. */
  readonly number: number;
  readonly request: TappedRequest;
  /** Undefined: the connection ended before it came. */
  readonly response: TappedResponse | undefined;
  /** Where the request went: `app`, or the intercept as `namespace/name`. */
  readonly servedBy: string;
  /** The pod that was called. */
  readonly pod: string;
  readonly containerPort: number;
  readonly source: CallSource;
  /** Counts connections from 1 in each wiretap. */
  readonly connection: number;
  readonly timing: ExchangeTiming;
  /** Something of it is missing: see the messages. */
  readonly isTruncated: boolean;
}

/** When things came, as seen from here; the tunnel's delay is in all of them. In milliseconds. */
export interface ExchangeTiming {
  readonly startedAt: Date;
  /** The request, from its first byte to its last. */
  readonly sendMs: number;
  /** From then on to the first byte of the answer. */
  readonly waitMs: number;
  /** The answer, from its first byte to its last. */
  readonly receiveMs: number;
}

/** One of the two messages. */
export interface TappedMessage {
  /** `HTTP/1.1`. */
  readonly httpVersion: string;
  /** Without the values that are kept secret; as the web knows headers. */
  readonly headers: Headers;
  /** The same as they were sent: names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly trailers: readonly string[];
  /** The body's beginning, without transfer coding, still with content coding. */
  readonly body: Uint8Array;
  /** How long the body really was, in bytes. */
  readonly bodyBytes: number;
  /** The body is longer than what is kept of it, did not come to its end, or has a gap. */
  readonly isTruncated: boolean;
  /** The body as UTF-8, decoded (gzip, deflate, br). A compressed body that is truncated fails with `unsupported`. */
  text(): string;
  /** As {@link text}, read as JSON. Fails with `unsupported` when the body is truncated. */
  json(): unknown;
}

/** The request of an {@link Exchange}. */
export interface TappedRequest extends TappedMessage {
  readonly method: string;
  readonly url: string;
}

/** The answer of an {@link Exchange}. */
export interface TappedResponse extends TappedMessage {
  readonly status: number;
  readonly statusText: string;
}
