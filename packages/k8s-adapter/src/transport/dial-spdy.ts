import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { resourcePath } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { notUnderstood, type PortForwardAttempt, readRefusal, watchAttempt } from './port-forward-attempt.ts';
import { SpdyPortForwardStream } from './spdy/spdy-port-forward-stream.ts';

/** What is to be spoken on the connection, and on its streams. */
const spdy = 'SPDY/3.1';
const streamProtocol = 'portforward.k8s.io';

/** Has a port forwarded by SPDY. Resolves when the server has agreed, which says nothing about the port yet. */
export async function dialSpdy(attempt: PortForwardAttempt): Promise<SpdyPortForwardStream> {
  const { connection, address, port, signal } = attempt;
  const path = resourcePath(apiResources.pods, address);
  const { url, headers, agent } = await connection.upgradeTarget(path, attempt);
  signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? requestHttp : requestHttps;
    const request = send(url, {
      method: 'POST',
      headers: {
        ...headers,
        'user-agent': 'fairlead',
        'content-length': '0',
        connection: 'Upgrade',
        upgrade: spdy,
        'x-stream-protocol-version': streamProtocol,
      },
      ...(agent && { agent }),
    });
    const { settle, fail } = watchAttempt(attempt, reject, () => request.destroy());
    request.on('error', fail);
    request.once('response', (response) => {
      readRefusal(response, 'SPDY', attempt).then(fail, fail);
    });
    request.once('upgrade', (response, socket, head) => {
      settle();
      // Here and now: the socket may fail, and the first frames may be on their way already.
      if (isAgreed(response)) resolve(new SpdyPortForwardStream(takeOver(socket, head), port, connection.clock));
      else {
        socket.on('error', () => {}).destroy();
        fail(notUnderstood('SPDY', attempt, new Error('the server agrees to another protocol')));
      }
    });
    request.end();
  });
}

function isAgreed({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toUpperCase() === spdy && headers['x-stream-protocol-version'] === streamProtocol;
}

/** From a connection of the pool to one that may be silent for long. */
function takeOver(socket: Socket, head: Buffer): Socket {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  if (head.length > 0) socket.unshift(head);
  return socket;
}
