import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { FairleadError } from '@fairlead/core';
import { drained } from './drained.ts';
import { servedByHeader } from './mark-answer.ts';
import { connectionBound, fromHeaders, pairs, without } from './raw-headers.ts';
import { bodiless } from './to-response.ts';

/** How much of a body is waited for in one turn, in order to tell its length, in bytes. */
const gatherBytes = 64 * 1024;

/**
 * Writes a handler's answer, at the pace at which the caller takes it. A body that is there at once gets its true
 * `Content-Length`; any other is chunked, whatever length its headers claim. Rejects when the body fails.
 */
export async function sendResponse(answer: Response, out: ServerResponse, method: string): Promise<void> {
  const raw = fromHeaders(answer.headers);
  const headers = without(raw, new Set([...connectionBound(raw), 'transfer-encoding']));
  if (bodiless.has(answer.status) || method === 'HEAD' || answer.body === null) {
    await answer.body?.cancel();
    writeHead(out, answer.status, answer.statusText, headers);
    out.end();
    return;
  }
  const reader = answer.body.getReader();
  out.once('close', () => void reader.cancel().catch(() => {}));
  const gathered: Uint8Array[] = [];
  let bytes = 0;
  let pending = reader.read();
  while (bytes < gatherBytes && (await isThere(pending))) {
    const piece = await pending;
    if (piece.done) break;
    gathered.push(piece.value);
    bytes += piece.value.length;
    pending = reader.read();
  }
  const unsized = without(headers, new Set(['content-length']));
  const isWhole = (await isThere(pending)) && (await pending).done;
  if (isWhole) unsized.push('content-length', String(bytes));
  if (out.destroyed) return;
  writeHead(out, answer.status, answer.statusText, unsized);
  // Also an empty piece sends the head, which a caller may wait for long before the first byte of the body.
  if (gathered.length === 0) out.flushHeaders();
  else out.write(Buffer.concat(gathered));
  for (let next = await pending; !next.done && !out.destroyed; next = await reader.read()) {
    if (!out.write(next.value)) await drained(out);
  }
  out.end();
}

/** Whether a promise is settled, or will be without waiting for the outside world. */
async function isThere(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), setImmediate(false)]);
}

/** Hands the real app's answer on as it is: head in its spelling, body undecoded, trailers. */
export async function sendAppAnswer(answer: IncomingMessage, out: ServerResponse): Promise<void> {
  const bound = connectionBound(answer.rawHeaders);
  out.sendDate = false;
  writeHead(out, answer.statusCode ?? 502, answer.statusMessage ?? '', without(answer.rawHeaders, bound));
  out.flushHeaders();
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    if (out.destroyed) return;
    if (!out.write(chunk)) await drained(out);
  }
  if (answer.rawTrailers.length > 0) out.addTrailers([...pairs(answer.rawTrailers)]);
  out.end();
}

/** A 502 in Fairlead's own words. When the answer has begun already, it is cut instead. */
export function sendFailure(out: ServerResponse, intercept: string, error: unknown, isMarked: boolean): void {
  if (out.headersSent || out.destroyed) {
    out.destroy();
    return;
  }
  const said = error instanceof Error ? error.message : String(error);
  const hint = error instanceof FairleadError ? ` (${error.code})` : '';
  const body = `fairlead: handler of intercept ${intercept}: ${said}${hint}\n`;
  writeHead(out, 502, '', [
    'content-type',
    'text/plain; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    ...(isMarked ? [servedByHeader, intercept] : []),
  ]);
  out.end(body);
}

/**
 * Ends the connection as a server that crashes does. The answer is begun before it is cut: of a stream that ends without
 * a byte the traffic-agent would believe that nobody is here, and let the app answer.
 */
export function cutInTheMiddle(out: ServerResponse): void {
  if (out.socket && !out.headersSent) out.socket.write('HTTP/1.1 ', () => out.destroy());
  else out.destroy();
}

function writeHead(out: ServerResponse, status: number, reason: string, headers: string[]): void {
  if (reason === '') out.writeHead(status, headers);
  else out.writeHead(status, reason, headers);
}
