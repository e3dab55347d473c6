import type { PortForwardAttempt } from './port-forward-attempt.ts';
import { SpdyPortForwardStream } from './spdy/spdy-port-forward-stream.ts';
import { notUnderstood, requestUpgrade } from './upgrade-attempt.ts';

/** What is to be spoken on the connection, and on its streams. */
const protocol = 'SPDY/3.1';
const streamProtocol = 'portforward.k8s.io';

/** Has a port forwarded by SPDY. Resolves when the server has agreed, which says nothing about the port yet. */
export async function dialSpdy(attempt: PortForwardAttempt): Promise<SpdyPortForwardStream> {
  const { connection, port } = attempt;
  return await requestUpgrade(attempt, {
    method: 'POST',
    protocol,
    headers: { 'x-stream-protocol-version': streamProtocol },
    take: (socket, { headers }) => {
      if (headers.upgrade?.toUpperCase() !== protocol || headers['x-stream-protocol-version'] !== streamProtocol)
        throw notUnderstood('SPDY', attempt, new Error('the server agrees to another protocol'));
      return new SpdyPortForwardStream(socket, port, connection.clock);
    },
  });
}
