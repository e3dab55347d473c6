import type { IncomingMessage } from 'node:http';
import type { AppRequest } from './ask-app.ts';
import type { KeptBody } from './kept-body.ts';
import { connectionBound, fromHeaders, without } from './raw-headers.ts';
import { hasBody } from './to-request.ts';

/** The request as the caller sent it, with its own framing, for the app. */
export function originalRequest(message: IncomingMessage, body: KeptBody): AppRequest {
  // `Expect` was answered here, so that the handler could read.
  const left = new Set([...connectionBound(message.rawHeaders), 'expect']);
  return {
    method: message.method ?? 'GET',
    target: message.url ?? '/',
    rawHeaders: without(message.rawHeaders, left),
    ...(hasBody(message) && { body: body.read(), trailers: () => message.rawTrailers }),
  };
}

/** A request that a handler made up or edited, for the app. Its body is chunked, for nobody knows its length. */
export function editedRequest(request: Request): AppRequest {
  const url = new URL(request.url);
  const raw = fromHeaders(request.headers);
  const left = new Set([...connectionBound(raw), 'expect', 'content-length', 'transfer-encoding']);
  const headers = without(raw, left);
  if (!request.headers.has('host')) headers.unshift('host', url.host);
  if (request.body) headers.push('transfer-encoding', 'chunked');
  else if (request.method !== 'GET' && request.method !== 'HEAD') headers.push('content-length', '0');
  return {
    method: request.method,
    target: `${url.pathname}${url.search}`,
    rawHeaders: headers,
    ...(request.body && { body: request.body as AsyncIterable<Uint8Array> }),
  };
}
