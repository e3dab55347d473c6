import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { TunnelStream } from '@fairlead/tunnel';
import { onTestFinished } from 'vitest';

/** A server on the loopback that sends back what it gets, behind a greeting. Resolves with its port. */
export async function anEcho(greeting = ''): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    if (greeting !== '') socket.write(greeting);
    socket.pipe(socket);
  });
  return await listening(server);
}

/** Makes a server listen until the test is over. Resolves with its port. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A port on which nobody listens. */
export async function aFreePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Sends bytes and returns everything that comes back. */
export async function ask(stream: TunnelStream, bytes: string): Promise<string> {
  stream.end(bytes);
  let got = '';
  for await (const chunk of stream) got += (chunk as Buffer).toString();
  return got;
}
