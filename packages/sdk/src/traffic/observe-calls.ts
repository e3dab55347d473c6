import type { Duplex } from 'node:stream';
import type { CallHead } from '../expectations/call.ts';
import type { CallRecording } from '../handler/call-recording.ts';
import { toHeaders, valuesOf } from '../handler/raw-headers.ts';
import { requestFraming, responseFraming } from '../http1/message-head.ts';
import { MessageReader } from '../http1/message-reader.ts';
import { ObservedCall } from './observed-call.ts';

/** What is known of a call without its head. */
export type CallPlace = Pick<CallHead, 'pod' | 'containerPort' | 'source'>;

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
  const open: ObservedCall[] = [];
  const stop = (): void => {
    for (const call of open.splice(0)) call.ended();
  };
  const requests = new MessageReader({
    head: (head) => {
      const [method, target] = head.line;
      const [host = 'localhost'] = valuesOf(head.rawHeaders, 'host');
      const url = target.startsWith('/') ? `http://${host}${target}` : target;
      open.push(new ObservedCall(begin({ ...place, method, url, headers: toHeaders(head.rawHeaders) }), method));
      return requestFraming(head);
    },
    body: (bytes) => open.at(-1)?.recording.tookBody(bytes),
    missing: () => {},
    end: () => open.at(-1)?.sent(),
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
    end: () => {
      const due = open.shift();
      due?.answered();
      // The rest of a request that was answered early is not waited for.
      due?.recording.bodyOver(false);
    },
    lost: stop,
  });
  caller.on('data', (bytes: Uint8Array) => requests.take(bytes));
  server.on('data', (bytes: Uint8Array) => answers.take(bytes));
  server.once('end', () => answers.close());
  server.once('close', stop);
}
