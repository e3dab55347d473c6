import { pairs, type RawHeaders, valuesOf } from '../handler/raw-headers.ts';
import { sdkVersion } from '../version.ts';
import type { Exchange, TappedMessage, TappedRequest, TappedResponse } from './exchange.ts';

/** An HTTP archive, version 1.2, as browsers and tools read it. Plain data: `JSON.stringify` makes the file. */
export interface Har {
  readonly log: {
    readonly version: '1.2';
    readonly creator: { readonly name: string; readonly version: string };
    readonly entries: readonly object[];
  };
}

/**
 * The exchanges as an HTTP archive. What was redacted stays so; what is truncated says so in a `comment`. Fields of
 * Fairlead's own: `_pod`, `_servedBy`.
 */
export function toHar(exchanges: Iterable<Exchange>): Har {
  return {
    log: {
      version: '1.2',
      creator: { name: 'fairlead', version: sdkVersion },
      entries: [...exchanges].map(entryOf),
    },
  };
}

function entryOf({ request, response, timing, ...exchange }: Exchange): object {
  const { startedAt, sendMs, waitMs, receiveMs } = timing;
  return {
    startedDateTime: startedAt.toISOString(),
    time: sendMs + waitMs + receiveMs,
    request: requestOf(request),
    response: response ? responseOf(response) : noResponse,
    cache: {},
    timings: { send: sendMs, wait: waitMs, receive: receiveMs },
    connection: String(exchange.connection),
    _pod: exchange.pod,
    _servedBy: exchange.servedBy,
    ...(exchange.isTruncated && { comment: 'incomplete: see bodySize' }),
  };
}

function requestOf(request: TappedRequest): object {
  const query = URL.canParse(request.url) ? [...new URL(request.url).searchParams] : [];
  return {
    method: request.method,
    url: request.url,
    ...messageOf(request),
    queryString: query.map(([name, value]) => ({ name, value })),
    ...(request.bodyBytes > 0 && { postData: { mimeType: mimeTypeOf(request), ...textOf(request) } }),
  };
}

function responseOf(response: TappedResponse): object {
  const [redirectURL = ''] = valuesOf(response.rawHeaders, 'location');
  return {
    status: response.status,
    statusText: response.statusText,
    ...messageOf(response),
    content: { size: response.bodyBytes, mimeType: mimeTypeOf(response), ...textOf(response) },
    redirectURL,
  };
}

/** As browsers write the answer that never came. */
const noResponse = {
  status: 0,
  statusText: '',
  httpVersion: '',
  cookies: [],
  headers: [],
  content: { size: 0, mimeType: 'x-unknown' },
  redirectURL: '',
  headersSize: -1,
  bodySize: -1,
};

function messageOf(message: TappedMessage): object {
  return {
    httpVersion: message.httpVersion,
    cookies: [],
    headers: headersOf(message.rawHeaders),
    headersSize: -1,
    bodySize: message.bodyBytes,
  };
}

function headersOf(raw: RawHeaders): readonly object[] {
  return [...pairs(raw)].map(([name, value]) => ({ name, value }));
}

function mimeTypeOf(message: TappedMessage): string {
  return message.headers.get('content-type') ?? 'application/octet-stream';
}

/** As text where it is one, else in base64. */
function textOf(message: TappedMessage): object {
  try {
    const text = message.text();
    if (!text.includes('\ufffd')) return { text };
  } catch {
    // Of a coding that cannot be taken off: the bytes as they are.
  }
  return { text: Buffer.from(message.body).toString('base64'), encoding: 'base64' };
}
