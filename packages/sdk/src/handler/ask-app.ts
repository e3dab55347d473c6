import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import { drained } from './drained.ts';
import { maxHeadBytes } from './limits.ts';
import { pairs, type RawHeaders } from './raw-headers.ts';

/** A request for the real app, ready to be written. */
export interface AppRequest {
  readonly method: string;
  /** The request target. */
  readonly target: string;
  /** With the framing headers (`Content-Length` or `Transfer-Encoding`) that fit the body. */
  readonly rawHeaders: RawHeaders;
  /** Absent: none. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** What to say after a chunked body. Asked when the body has ended. */
  readonly trailers?: () => RawHeaders;
}

/**
 * Writes one request on `stream` and resolves with the head of the answer; the answer's body is read from it. The
 * stream serves this one exchange and ends with it. Fails with the signal's reason, or with `connection-lost`.
 */
export async function askApp(
  stream: Duplex,
  asked: AppRequest,
  signal: AbortSignal,
  whom: string = 'the real app',
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const call = startRequest({
    createConnection: () => stream,
    method: asked.method,
    path: asked.target,
    headers: [...asked.rawHeaders, 'Connection', 'close'],
    setHost: false,
    signal,
    insecureHTTPParser: true,
    maxHeaderSize: maxHeadBytes,
  });
  let failure: unknown;
  call.on('error', (error) => {
    failure ??= error;
  });
  writeBody(call, asked).catch((error: unknown) => {
    failure ??= error;
    call.destroy();
  });
  const answer = await new Promise<IncomingMessage | undefined>((resolve) => {
    call.once('response', resolve);
    call.once('close', () => resolve(undefined));
  });
  if (answer) {
    answer.once('close', () => stream.destroy());
    return answer;
  }
  stream.destroy();
  signal.throwIfAborted();
  if (failure instanceof FairleadError) throw failure;
  throw new FairleadError('connection-lost', `${whom} ended the connection without an answer`, {
    phase: 'serve',
    cause: failure,
  });
}

async function writeBody(call: ClientRequest, asked: AppRequest): Promise<void> {
  for await (const chunk of asked.body ?? []) {
    if (call.destroyed) return;
    if (!call.write(chunk)) await drained(call);
  }
  const trailers = asked.trailers?.() ?? [];
  if (trailers.length > 0) call.addTrailers([...pairs(trailers)]);
  call.end();
}
