import type { CallSource } from '../handler/request-handler.ts';

/** What goes back to a caller: bytes, text as UTF-8, or nothing. At most 65,507 bytes. */
export type DatagramAnswer = Uint8Array | string | undefined;

/**
 * Answers a diverted datagram. Datagrams are handled as they come, also several at a time. What it throws becomes a
 * `handler-failed` event, and the caller gets no answer: whoever uses UDP asks again.
 */
export type DatagramHandler = (
  datagram: Uint8Array,
  context: DatagramContext,
) => DatagramAnswer | Promise<DatagramAnswer>;

/** What a handler knows beside the datagram. */
export interface DatagramContext {
  /** Sends the caller a datagram, at any time until the caller was silent for a minute; beside or instead of what is returned. */
  reply(datagram: Uint8Array | string): void;
  /** Who sent it, as the traffic-agent saw it. */
  readonly source: CallSource;
  /** The pod that the datagram had reached. */
  readonly pod: string;
  /** The container port that the datagram was for. */
  readonly containerPort: number;
  /** The intercept's name. */
  readonly intercept: string;
}
