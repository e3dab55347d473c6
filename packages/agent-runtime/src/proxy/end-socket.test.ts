import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { endSocket } from './end-socket.ts';

/** Two ends of a connection, of which the far one has said that it sends no more. */
async function aPair(): Promise<Disposable & { readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as AddressInfo;
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [near] = (await accepted) as [Socket];
  server.close();
  far.end();
  await once(near.resume(), 'end');
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.destroy();
      far.destroy();
    },
  };
}

it('closes a socket whose other end is through, which the other end sees as an end', async () => {
  using pair = await aPair();

  endSocket(pair.near);

  expect(pair.near.destroyed).toBe(true);
  await once(pair.far.resume(), 'end');
});

it('gives a slow other end all that waits before', async () => {
  using pair = await aPair();
  const bytes = 16 << 20;
  let received = 0;
  pair.near.write(Buffer.alloc(bytes));

  endSocket(pair.near);
  pair.far.on('data', (chunk) => (received += chunk.length));
  await once(pair.far, 'end');

  expect(received).toBe(bytes);
});

it('lets a socket whose other end still sends go on reading', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const far = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [near] = (await accepted) as [Socket];
  server.close();
  let received = '';
  near.on('data', (chunk) => (received += chunk));

  endSocket(near);
  await once(far.resume(), 'end');
  far.end('more');
  await once(near, 'close');

  expect(received).toBe('more');
});
