import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeTunnelTransport } from '@fairlead/core/conformance';
import { LocalTunnelTransport, type RelayAddress } from './local-tunnel-transport.ts';

/** A manager that accepts and waits to be asked for its connections. */
async function aManager(kind: 'tcp' | 'unix') {
  const accepted: Socket[] = [];
  let handed = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
    server.emit('taken');
  });
  const directory = await mkdtemp(path.join(tmpdir(), 'relay-'));
  server.listen(kind === 'tcp' ? { port: 0, host: '127.0.0.1' } : { path: path.join(directory, 's') });
  await once(server, 'listening');
  const bound = server.address();
  const address: RelayAddress =
    typeof bound === 'object' && bound ? { host: '127.0.0.1', port: bound.port } : { path: path.join(directory, 's') };
  const takeAway = async (): Promise<void> => {
    for (const socket of accepted) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    transport: new LocalTunnelTransport(address),
    async accepted(): Promise<Socket> {
      while (accepted.length <= handed) await once(server, 'taken');
      return accepted[handed++] as Socket;
    },
    async read(stream: Socket, bytes: number): Promise<Uint8Array> {
      const pieces: Buffer[] = [];
      for (let missing = bytes; missing > 0; ) {
        const piece = stream.read(Math.min(missing, Math.max(1, stream.readableLength)));
        if (piece) pieces.push(piece);
        else await once(stream, 'readable');
        missing -= piece?.length ?? 0;
      }
      return Buffer.concat(pieces);
    },
    async closed(stream: Socket): Promise<void> {
      stream.resume();
      if (!stream.closed) await once(stream, 'close');
    },
    takeAway,
    async [Symbol.asyncDispose](): Promise<void> {
      await takeAway();
      await rm(directory, { recursive: true });
    },
  };
}

describeTunnelTransport('LocalTunnelTransport over TCP', { create: () => aManager('tcp') });
describeTunnelTransport('LocalTunnelTransport over a unix socket', { create: () => aManager('unix') });
