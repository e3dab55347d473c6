import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on the loopback that always answers the same. By itself it takes a port that is free. */
export async function serveText(text: string, port = 0): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((_, response) => response.end(text));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
