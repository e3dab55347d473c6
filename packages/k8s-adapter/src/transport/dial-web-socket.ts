import { WebSocket } from 'ws';
import { resourcePath } from '../connection/api-resource.ts';
import type { PortForwardAttempt } from './port-forward-attempt.ts';
import { PortForwardStream } from './port-forward-stream.ts';
import { readRefusal, watchAttempt } from './upgrade-attempt.ts';

/** What is offered; servers choose the newest that they know. */
const protocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The longest message that is taken, in bytes. Servers send at most 32 KiB at once. */
const maxMessageBytes = 4 * 1024 * 1024;

/** Has a port forwarded by WebSocket. Resolves when the server has agreed, which says nothing about the port yet. */
export async function dialWebSocket(attempt: PortForwardAttempt): Promise<PortForwardStream> {
  const { connection, asked, port, signal } = attempt;
  const path = `${resourcePath(asked.resource, asked.address)}?ports=${port}`;
  const { url, headers, agent } = await connection.upgradeTarget(path, attempt);
  signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      headers: { ...headers, 'user-agent': 'fairlead' },
      ...(agent && { agent }),
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      // Masking protects proxies from pages that scripts control; over TLS, from a program, it only costs.
      generateMask: (mask) => mask.fill(0),
    });
    const { settle, fail } = watchAttempt(attempt, reject, () => socket.terminate());
    socket.on('error', fail);
    socket.once('unexpected-response', (_request, response) => {
      readRefusal(response, 'WebSocket', attempt).then(fail, fail);
    });
    socket.once('open', () => {
      settle();
      socket.off('error', fail);
      // Here and now: the first messages may be on their way already.
      resolve(new PortForwardStream(socket));
    });
  });
}
