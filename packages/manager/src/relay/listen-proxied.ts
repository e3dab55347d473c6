import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FairleadError, type Logger, tunnelUpgrade } from '@fairlead/core';
import type { RelayListener } from '@fairlead/relay';

const accepted = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${tunnelUpgrade.protocol}\r\n\r\n`;
const refused = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
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
    response.writeHead(426, { upgrade: tunnelUpgrade.protocol, connection: 'close' }).end('wanted a tunnel\n');
  });
  server.on('upgrade', (request, duplex, head) => {
    const socket = duplex as Socket;
    // Servers of HTTP let a client end its half, and would wait for ours.
    socket.allowHalfOpen = false;
    if (isTunnel(request) && head.length === 0) {
      socket.write(accepted);
      take(socket);
      return;
    }
    logger.debug({ path: request.url?.slice(0, 100) }, 'an upgrade to something else');
    socket.on('error', () => {});
    socket.write(refused);
    socket.destroySoon();
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
  return method === 'GET' && url === tunnelUpgrade.path && headers.upgrade === tunnelUpgrade.protocol;
}
