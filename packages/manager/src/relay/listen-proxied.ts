import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FairleadError, type Logger } from '@fairlead/core';
import type { RelayListener } from '@fairlead/relay';

/** What a client asks the API server's proxy for, as the adapter for Kubernetes does. */
const path = '/tunnel';
const protocol = 'fairlead-tunnel';

const headMs = 5_000;
const maxConnections = 10_000;

/**
 * Listens for what the API server's proxy passes on: a request that is upgraded to a connection, of which each byte goes to
 * `take`. Nothing that is worth hiding stands in the request. Fails with `port-taken`.
 */
export async function listenProxied(
  take: (socket: Socket) => void,
  { port, logger }: { readonly port: number; readonly logger: Logger },
): Promise<RelayListener> {
  const server = createServer({
    headersTimeout: headMs,
    requestTimeout: headMs,
    connectionsCheckingInterval: 1_000,
    noDelay: true,
  });
  server.maxConnections = maxConnections;
  server.on('request', (_request, response) => {
    response.writeHead(426, { upgrade: protocol, connection: 'close' }).end('wanted a tunnel\n');
  });
  server.on('upgrade', (request, socket: Duplex, head) => {
    if (isTunnel(request) && head.length === 0) {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
      take(socket as Socket);
      return;
    }
    logger.debug({ path: request.url?.slice(0, 100) }, 'an upgrade to something else');
    socket.on('error', () => {});
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new FairleadError('port-taken', `tunnels through the API server cannot be served on port ${port}`, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      // Not awaited for its end: that comes only with the last connection, and those are of whoever took them.
      server.close();
      server.closeAllConnections();
    },
  };
}

function isTunnel({ method, url, headers }: IncomingMessage): boolean {
  return method === 'GET' && url === path && headers.upgrade === protocol;
}
