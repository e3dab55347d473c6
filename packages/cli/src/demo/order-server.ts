import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** An order server of one's own. */
export interface OrderServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts a server on this machine that books orders as the shop's does, but says that it is this process. */
export async function startOrderServer(): Promise<OrderServer> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (order) => socket.write(`booked ${order.toString().trim()} at your own process\n`));
    socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
