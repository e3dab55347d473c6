import type { IncomingMessage } from 'node:http';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { connectionBound, type RawHeaders, toHeaders, without } from './raw-headers.ts';

const decoders: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Answers that never have a body; `Response` insists on it. */
export const bodiless: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/**
 * The real app's answer as the web knows it. A compressed body is decoded, as `fetch` does, and the headers that
 * described the compressed form are taken off, so that the answer can be edited or handed on as it is.
 */
export function toResponse(answer: IncomingMessage, method: string): Response {
  return webResponse(answer, answer.statusCode ?? 502, answer.statusMessage ?? '', answer.rawHeaders, method);
}

/** The same for an answer whose head is known and whose body is read from a stream. */
export function webResponse(
  answer: Readable,
  status: number,
  statusText: string,
  raw: RawHeaders,
  method: string,
): Response {
  const headers = toHeaders(without(raw, connectionBound(raw)));
  headers.delete('transfer-encoding');
  const empty = bodiless.has(status) || method === 'HEAD';
  if (empty) answer.resume();
  const body = empty ? null : webStream(decoded(answer, headers));
  return new Response(body, { status, statusText, headers });
}

function decoded(answer: Readable, headers: Headers): Readable {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  const makers = codings.filter((coding) => coding !== '' && coding !== 'identity').map((coding) => decoders[coding]);
  if (makers.length === 0 || makers.includes(undefined)) return answer;
  headers.delete('content-encoding');
  headers.delete('content-length');
  let body: Readable = answer;
  // The coding applied last is named last, and comes off first. Failures reach the reader at the end of the chain.
  for (const make of makers.reverse()) if (make) body = pipeline(body, make(), () => {});
  return body;
}

function webStream(body: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterable<Uint8Array> = body;
  return ReadableStream.from(chunks);
}
