import type { IncomingMessage } from 'node:http';
import type { KeptBody } from './kept-body.ts';
import { newRequest } from './new-request.ts';
import { toHeaders, valuesOf } from './raw-headers.ts';

/** Methods that the web's `Request` does not know; their requests go to the app. */
const unknownToTheWeb: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** Whether a handler can be shown this request. */
export function isExpressible({ method = '' }: Pick<IncomingMessage, 'method'>): boolean {
  return !unknownToTheWeb.has(method.toUpperCase());
}

/**
 * A received request as the web knows it. The body of a GET or HEAD stays out of sight, for `Request` forbids one; the
 * real app gets it all the same.
 */
export function toRequest(message: IncomingMessage, body: KeptBody, signal: AbortSignal): Request {
  const method = message.method ?? 'GET';
  const shown = hasBody(message) && method !== 'GET' && method !== 'HEAD';
  return newRequest(urlOf(message), {
    method,
    headers: toHeaders(message.rawHeaders),
    signal,
    ...(shown && { body: ReadableStream.from(body.read()), duplex: 'half' as const }),
  });
}

/** Whether the request announces a body. */
export function hasBody(message: IncomingMessage): boolean {
  const length = valuesOf(message.rawHeaders, 'content-length')[0];
  return message.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

/** The URL that a request asks for, as far as it can be told. */
export function urlOf(message: IncomingMessage): string {
  const target = message.url ?? '/';
  const host = message.headers.host;
  // Put together as text: a target that begins with two slashes would otherwise be taken for a host.
  const candidates = target.startsWith('/')
    ? [`http://${host ?? 'localhost'}${target}`, `http://localhost${target}`]
    : [target, `http://${host ?? 'localhost'}/${target}`];
  return candidates.find((url) => URL.canParse(url) && /^https?:/i.test(url)) ?? 'http://localhost/';
}
