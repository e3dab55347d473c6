import type { RequestHead } from '../http1/request-head.ts';
import type { AskedFor } from '../http1/response-reader.ts';
import type { Side } from './side.ts';
import type { TapSink } from './tap-sink.ts';

/** A request on its way and its answer. */
export interface Exchange extends AskedFor {
  /** Who answers. Changes once at most: when an intercept's holder is lost and the app takes over. */
  side: Side;
  /** Where it begins in what the diverted side got. */
  readonly start: number;
  readonly method: string;
  /** The connection ends with it. */
  closes: boolean;
  /** The request was passed on to its last byte. */
  isSent: boolean;
  /** The answer was passed on to its last byte. */
  isAnswered: boolean;
  readonly taps: readonly TapSink[] | undefined;
}

/** The exchange that this request begins. */
export function beginExchange(
  head: RequestHead,
  side: Side,
  start: number,
  taps: readonly TapSink[] | undefined,
): Exchange {
  return {
    side,
    start,
    isHead: head.method === 'HEAD',
    switches: head.switches,
    method: head.method,
    closes: head.closes,
    isSent: head.body === 0,
    isAnswered: false,
    taps,
  };
}

/** A request to the app of which nothing is known but that its answer is framed as usual. */
export function plainExchange(side: Side): Exchange {
  return {
    side,
    start: 0,
    isHead: false,
    switches: undefined,
    method: 'GET',
    closes: false,
    isSent: true,
    isAnswered: false,
    taps: undefined,
  };
}

/** Methods that may be sent to a second party after a first one might have acted upon them (RFC 9110, 9.2.2). */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether a request may be sent to a second party after a first one might have acted upon it. */
export function isRepeatable({ method }: Pick<Exchange, 'method'>): boolean {
  return repeatable.has(method);
}
