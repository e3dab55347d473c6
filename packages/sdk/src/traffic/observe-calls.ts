import type { Duplex } from 'node:stream';
import type { CallHead } from '../expectations/call.ts';
import type { CallRecording } from '../handler/call-recording.ts';
import { toHeaders, valuesOf } from '../handler/raw-headers.ts';
import { requestFraming, responseFraming } from '../http1/message-head.ts';
import { MessageReader } from '../http1/message-reader.ts';

/** What is known of a call without its head. */
export type CallPlace = Pick<CallHead, 'pod' | 'containerPort' | 'source'>;

interface Observed {
  readonly recording: CallRecording;
  readonly method: string;
  readonly began: number;
  status: number;
}

/**
 * Takes down the HTTP/1 calls that pass between a caller and a local server, without touching a byte. To be called just
 * before the two are joined. What cannot be understood is passed, and not taken down.
 */
export function observeCalls(
  caller: Duplex,
  server: Duplex,
  place: CallPlace,
  begin: (head: CallHead) => CallRecording,
): void {
  const open: Observed[] = [];
  const over = (observed: Observed | undefined, servedBy: 'handler' | 'nobody'): void => {
    if (!observed) return;
    observed.recording.bodyOver(false);
    observed.recording.over({ servedBy, status: observed.status, durationMs: performance.now() - observed.began });
  };
  const stop = (): void => {
    for (const observed of open.splice(0)) over(observed, 'nobody');
  };
  const requests = new MessageReader({
    head: (head) => {
      const [method, target] = head.line;
      const [host = 'localhost'] = valuesOf(head.rawHeaders, 'host');
      const url = target.startsWith('/') ? `http://${host}${target}` : target;
      const recording = begin({ ...place, method, url, headers: toHeaders(head.rawHeaders) });
      open.push({ recording, method, began: performance.now(), status: 0 });
      return requestFraming(head);
    },
    body: (bytes) => open.at(-1)?.recording.tookBody(bytes),
    missing: () => {},
    end: () => open.at(-1)?.recording.bodyOver(true),
    lost: stop,
  });
  const answers = new MessageReader({
    head: (head) => {
      const [due] = open;
      if (!due) return 'not-http';
      const framing = responseFraming(head, due.method);
      if (framing !== 'head-only') due.status = Number(head.line[1]);
      return framing;
    },
    body: () => {},
    missing: () => {},
    end: () => over(open.shift(), 'handler'),
    lost: stop,
  });
  caller.on('data', (bytes: Uint8Array) => requests.take(bytes));
  server.on('data', (bytes: Uint8Array) => answers.take(bytes));
  server.once('end', () => answers.close());
  server.once('close', stop);
}
