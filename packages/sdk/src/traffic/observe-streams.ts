import type { Duplex } from 'node:stream';
import type { CallHead } from '../expectations/call.ts';
import type { CallRecording } from '../handler/call-recording.ts';
import { fromHttp2, urlOfStream } from '../handler/http2-headers.ts';
import { type RawHeaders, toHeaders, valuesOf } from '../handler/raw-headers.ts';
import { ConnectionReader } from '../http2/connection-reader.ts';
import type { CallPlace } from './observe-calls.ts';
import { ObservedCall } from './observed-call.ts';

/** Streams that are under way at once; of more none is taken down. */
const mostOpen = 10_000;

/**
 * Takes down the calls on a connection of HTTP/2 between a caller and a local server, without touching a byte. To be called
 * just before the two are joined. What cannot be understood is passed, and ends the taking down.
 */
export function observeStreams(
  caller: Duplex,
  server: Duplex,
  place: CallPlace,
  begin: (head: CallHead) => CallRecording,
): void {
  const calls = new Map<number, ObservedCall>();
  let highest = 0;
  let isLost = false;
  const stop = (): void => {
    isLost = true;
    for (const call of calls.values()) call.ended();
    calls.clear();
  };
  const settle = (id: number, call: ObservedCall): void => {
    if (call.isSent && call.isAnswered) calls.delete(id);
  };
  const reset = (id: number): void => {
    calls.get(id)?.ended();
    calls.delete(id);
  };
  const sent = (id: number, bytes: Uint8Array | undefined, isLast: boolean): void => {
    const call = calls.get(id);
    if (!call) return;
    if (bytes) call.recording.tookBody(bytes);
    if (!isLast) return;
    call.sent();
    settle(id, call);
  };
  const answered = (id: number, isLast: boolean): void => {
    const call = calls.get(id);
    if (!call || !isLast) return;
    call.answered();
    settle(id, call);
  };
  const asked = (id: number, raw: RawHeaders): void => {
    highest = id;
    if (calls.size >= mostOpen) throw new RangeError('too many streams');
    const [method = ''] = valuesOf(raw, ':method');
    const head = { ...place, method, url: urlOfStream(raw), headers: toHeaders(fromHttp2(raw)) };
    calls.set(id, new ObservedCall(begin(head), method));
  };
  const answering = (id: number, raw: RawHeaders): void => {
    const call = calls.get(id);
    const [status] = valuesOf(raw, ':status');
    if (call && status !== undefined && !status.startsWith('1')) call.status = Number(status);
  };
  const reader = new ConnectionReader({
    request: {
      fields: (id, raw, isLast) => {
        if (id > highest) asked(id, raw);
        sent(id, undefined, isLast);
      },
      data: sent,
      reset,
    },
    response: {
      fields: (id, raw, isLast) => {
        answering(id, raw);
        answered(id, isLast);
      },
      data: (id, _, isLast) => answered(id, isLast),
      reset,
    },
  });
  const take = (direction: 'request' | 'response', bytes: Uint8Array): void => {
    if (isLost) return;
    try {
      reader.take(direction, bytes);
    } catch {
      stop();
    }
  };
  caller.on('data', (bytes: Uint8Array) => take('request', bytes));
  server.on('data', (bytes: Uint8Array) => take('response', bytes));
  server.once('close', stop);
}
