import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { until } from '../testing/until.ts';
import { acceptOn } from './accepting.ts';
import { SharedReads } from './shared-reads.ts';

interface Accepted {
  readonly socket: Socket;
  readonly pieces: Buffer[];
}

/** A server whose connections are accepted from before it listens, when nothing is known of the engine, or after. */
async function accepting(when: 'before' | 'after') {
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const reads = new SharedReads();
  const accepted: Accepted[] = [];
  const accept: Parameters<typeof acceptOn>[2] = (make) => {
    const pieces: Buffer[] = [];
    accepted.push({ socket: make((bytes) => pieces.push(bytes)), pieces });
  };
  if (when === 'before') acceptOn(server, reads, accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  if (when === 'after') acceptOn(server, reads, accept);
  const { port } = server.address() as AddressInfo;
  const clients: Socket[] = [];
  return {
    async connect(): Promise<{ readonly client: Socket } & Accepted> {
      const client = connect({ port, host: '127.0.0.1', noDelay: true });
      clients.push(client);
      const before = accepted.length;
      await until(() => accepted.length > before, 'the connection is accepted');
      return { client, ...(accepted.at(-1) as Accepted) };
    },
    [Symbol.dispose]() {
      server.close();
      for (const client of clients) client.destroy();
      for (const { socket } of accepted) socket.destroy();
    },
  };
}

const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

for (const when of ['after', 'before'] as const) {
  const name = when === 'after' ? 'sockets of its own' : 'sockets of the server';

  it(`keeps what was read apart from later reads of all sockets, with ${name}`, async () => {
    using server = await accepting(when);
    const one = await server.connect();
    const two = await server.connect();
    one.socket.resume();
    two.socket.resume();

    for (let turn = 0; turn < 20; turn += 1) {
      one.client.write(`one ${turn};`);
      two.client.write(`TWO ${turn};`);
      await until(() => lengthOf(one.pieces) === lengthOf(two.pieces) && one.pieces.length > turn, 'both were read');
    }

    const text = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString();
    expect(text(one.pieces)).toBe(Array.from({ length: 20 }, (_, turn) => `one ${turn};`).join(''));
    expect(text(two.pieces)).toBe(Array.from({ length: 20 }, (_, turn) => `TWO ${turn};`).join(''));
  });

  it(`carries bulk between small reads, with ${name}`, async () => {
    using server = await accepting(when);
    const { client, socket, pieces } = await server.connect();
    const sent = [10, 300_000, 20, 70_000, 65_536, 16_384, 16_385, 1].map((bytes) => randomBytes(bytes));
    socket.resume();

    for (const bytes of sent) {
      const before = lengthOf(pieces);
      client.write(bytes);
      await until(() => lengthOf(pieces) === before + bytes.length, 'all was read');
    }

    const hash = (all: readonly Buffer[]): string => createHash('sha256').update(Buffer.concat(all)).digest('hex');
    expect(hash(pieces)).toBe(hash(sent));
  });

  it(`reads nothing until it is resumed, then the end too, with ${name}`, async () => {
    using server = await accepting(when);
    const { client, socket, pieces } = await server.connect();
    client.end('early');
    await once(client, 'finish');
    expect(socket.bytesRead).toBe(0);

    const ended = once(socket, 'end');
    socket.resume();
    await ended;

    expect(Buffer.concat(pieces).toString()).toBe('early');
    expect(socket.writable).toBe(true);
  });
}

it('finds the engine as it is known', async () => {
  using server = await accepting('after');

  const { socket } = await server.connect();

  expect(socket.listenerCount('data')).toBe(0);
});
