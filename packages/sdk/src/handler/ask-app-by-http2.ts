import { type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { type Duplex, PassThrough, pipeline, type Readable } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import { drained } from './drained.ts';
import { rawOf } from './http2-headers.ts';
import type { RawHeaders } from './raw-headers.ts';

/** A request of HTTP/2 for the real app, ready to be written. */
export interface AppStreamRequest {
  /** With the pseudo-headers. */
  readonly headers: OutgoingHttpHeaders;
  /** Absent: none. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** What to say after the body. Asked when the body has ended. */
  readonly trailers?: () => OutgoingHttpHeaders;
}

/** The head of the real app's answer. */
export interface AppStreamAnswer {
  readonly status: number;
  readonly rawHeaders: RawHeaders;
  /** The body. */
  readonly stream: Readable;
  /** What came after the body, once it was read to its end. */
  readonly trailers: () => RawHeaders;
}

/**
 * Writes one request of HTTP/2 on `way` and resolves with the head of the answer. The way serves this one exchange and
 * ends with it. Fails with the signal's reason, or with `connection-lost`.
 */
export async function askAppByHttp2(
  way: Duplex,
  asked: AppStreamRequest,
  signal: AbortSignal,
): Promise<AppStreamAnswer> {
  signal.throwIfAborted();
  const session = connect('http://app', { createConnection: () => way });
  let failure: unknown;
  const failed = (error: unknown): void => {
    failure ??= error;
  };
  session.on('error', failed);
  const call = session.request(asked.headers, {
    endStream: asked.body === undefined,
    waitForTrailers: asked.trailers !== undefined,
    signal,
  });
  call.on('error', failed);
  call.once('close', () => session.close(() => way.destroy()));
  call.on('wantTrailers', () => call.sendTrailers(asked.trailers?.() ?? {}));
  let trailers: RawHeaders = [];
  call.on('trailers', (got) => {
    trailers = rawOf(got);
  });
  writeBody(call, asked).catch((error: unknown) => {
    failed(error);
    call.close(8);
  });
  const answer = await new Promise<AppStreamAnswer | undefined>((resolve) => {
    call.once('response', (headers) =>
      resolve({
        status: headers[':status'] ?? 502,
        rawHeaders: rawOf(headers),
        stream: bodyOf(call),
        trailers: () => trailers,
      }),
    );
    call.once('close', () => resolve(undefined));
  });
  if (answer) return answer;
  session.destroy();
  signal.throwIfAborted();
  if (failure instanceof FairleadError) throw failure;
  throw new FairleadError('connection-lost', 'the real app ended the stream without an answer', {
    phase: 'serve',
    cause: failure,
  });
}

/**
 * The body, for whoever reads it later. Since 24.20 Node closes a stream that has all its bytes although nobody has read
 * them, and who begins to read then is told of a premature close instead of the end.
 */
function bodyOf(call: ClientHttp2Stream): Readable {
  const body = pipeline(call, new PassThrough(), () => {});
  // Nobody has to read it.
  body.on('error', () => {});
  return body;
}

async function writeBody(call: ClientHttp2Stream, asked: AppStreamRequest): Promise<void> {
  if (!asked.body) return;
  for await (const chunk of asked.body) {
    if (call.destroyed) return;
    if (!call.write(chunk)) await drained(call);
  }
  call.end();
}
