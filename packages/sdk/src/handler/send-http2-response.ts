import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { FairleadError } from '@fairlead/core';
import type { AppStreamAnswer } from './ask-app-by-http2.ts';
import { drained } from './drained.ts';
import { toHttp2 } from './http2-headers.ts';
import { servedByHeader } from './mark-answer.ts';
import { fromHeaders, without } from './raw-headers.ts';
import { bodiless } from './to-response.ts';
import { trailersAfter } from './trailers.ts';

/** What gRPC says after the messages, and in the head only when there are none. */
const ofGrpcTrailers: ReadonlySet<string> = new Set(['grpc-status', 'grpc-message', 'grpc-status-details-bin']);
/** `INTERNAL`: a handler failed. */
const grpcInternal = 13;

/**
 * Writes a handler's answer as a stream of HTTP/2. An answer of gRPC with a body ends with the `grpc-…` fields of its
 * headers as trailers, `grpc-status: 0` unless they say otherwise. Rejects when the body fails.
 */
export async function sendHttp2Response(answer: Response, stream: ServerHttp2Stream, isHead: boolean): Promise<void> {
  const raw = fromHeaders(answer.headers);
  const { body } = answer;
  if (bodiless.has(answer.status) || isHead || body === null) {
    await body?.cancel();
    if (!stream.destroyed) stream.respond({ ...toHttp2(raw), ':status': answer.status }, { endStream: true });
    return;
  }
  const isGrpc = isGrpcType(answer.headers.get('content-type'));
  const left = new Set(isGrpc ? [...ofGrpcTrailers, 'content-length'] : ['content-length']);
  const own = isGrpc ? { 'grpc-status': '0', ...ofGrpc(answer.headers) } : {};
  const trailers = (): OutgoingHttpHeaders => ({ ...own, ...toHttp2(trailersAfter(body)) });
  await send(stream, { ...toHttp2(without(raw, left)), ':status': answer.status }, body, trailers);
}

/** Hands the real app's answer on as it is. */
export async function sendHttp2Answer(answer: AppStreamAnswer, stream: ServerHttp2Stream): Promise<void> {
  const headers = { ...toHttp2(answer.rawHeaders), ':status': answer.status };
  await send(stream, headers, answer.stream, () => toHttp2(answer.trailers()));
}

/** A failure in Fairlead's own words: a 502, or a status of gRPC. When the answer has begun already, it is cut instead. */
export function sendHttp2Failure(
  stream: ServerHttp2Stream,
  asked: IncomingHttpHeaders,
  intercept: string,
  error: unknown,
  isMarked: boolean,
): void {
  if (stream.destroyed) return;
  if (stream.headersSent) {
    stream.close(2);
    return;
  }
  const said = error instanceof Error ? error.message : String(error);
  const hint = error instanceof FairleadError ? ` (${error.code})` : '';
  const text = `fairlead: handler of intercept ${intercept}: ${said}${hint}`;
  const mark = isMarked ? { [servedByHeader]: intercept } : {};
  const type = asked['content-type'];
  if (isGrpcType(type)) {
    const status = { 'grpc-status': grpcInternal, 'grpc-message': encodeURIComponent(text).replaceAll('%20', ' ') };
    stream.respond({ ':status': 200, 'content-type': type, ...status, ...mark }, { endStream: true });
    return;
  }
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...mark };
  stream.respond({ ':status': 502, ...headers });
  stream.end(`${text}\n`);
}

async function send(
  stream: ServerHttp2Stream,
  headers: OutgoingHttpHeaders,
  body: AsyncIterable<Uint8Array>,
  trailers: () => OutgoingHttpHeaders,
): Promise<void> {
  if (stream.destroyed) return;
  stream.respond({ date: undefined, ...headers }, { waitForTrailers: true });
  // Without any it ends all the same: closed instead, it would be reset, and a caller who reads late would see no end.
  stream.once('wantTrailers', () => stream.sendTrailers(trailers()));
  for await (const chunk of body) {
    if (stream.destroyed) return;
    if (!stream.write(chunk)) await drained(stream);
  }
  stream.end();
}

function ofGrpc(headers: Headers): OutgoingHttpHeaders {
  return Object.fromEntries([...headers].filter(([name]) => ofGrpcTrailers.has(name)));
}

function isGrpcType(type: string | null | undefined): boolean {
  return type?.startsWith('application/grpc') === true;
}
