import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { BufferPool } from '@fairlead/tunnel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PipedSocket } from './piped-socket.ts';

/** A server whose connections do this, and a socket that is connected with it. */
async function connected(serve: (socket: Socket) => void): Promise<PipedSocket> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = new PipedSocket(new BufferPool());
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  socket.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

/** Takes a chunk at each turn of the loop, and looks at it only then: a buffer used again too early would show. */
class LateReader extends Writable {
  readonly taken: Buffer[] = [];

  constructor() {
    // Several reads wait at once.
    super({ highWaterMark: 1_000_000 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    setImmediate(() => {
      this.taken.push(Buffer.from(chunk));
      done();
    });
  }
}

describe('PipedSocket', () => {
  it('passes every byte on, large reads and small ones, to a reader that is slow', async () => {
    const sent = [3_000_000, 10, 70_000, 1, 500_000].map((size) => randomBytes(size));
    const socket = await connected((peer) => {
      for (const part of sent) peer.write(part);
      peer.end();
    });
    const reader = new LateReader();

    socket.pipe(reader);
    await once(reader, 'finish');

    expect(Buffer.compare(Buffer.concat(reader.taken), Buffer.concat(sent))).toBe(0);
  });

  it('reads nothing before it is piped, and no more than the reader takes', async () => {
    const socket = await connected((peer) => void peer.write(Buffer.alloc(20_000_000)));
    let offered = 0;
    const write = (chunk: Buffer): void => {
      offered += chunk.length;
    };
    const stuck = new Writable({ highWaterMark: 1_000, write });
    await new Promise(setImmediate);
    const before = socket.bytesRead;

    socket.pipe(stuck);
    await expect.poll(() => offered).toBeGreaterThan(0);
    await new Promise(setImmediate);

    expect(before).toBe(0);
    expect(socket.bytesRead).toBeLessThan(200_000);
  });

  it('sends small writes at once', async () => {
    const socket = await connected(() => {});

    // What Node has set cannot be asked for; it remembers under this symbol that it has.
    const [isSet] = Object.getOwnPropertySymbols(socket).filter(({ description }) => description === 'kSetNoDelay');
    expect(Reflect.get(socket, isSet ?? '')).toBe(true);
  });

  it('can be written to after the other end is through', async () => {
    let asked = '';
    const socket = await connected((peer) => {
      peer.end('answer');
      peer.on('data', (bytes: Buffer) => {
        asked += bytes.toString();
      });
    });
    const reader = new LateReader();
    socket.pipe(reader);
    await once(reader, 'finish');

    socket.end('question');
    await once(socket, 'close');

    expect(Buffer.concat(reader.taken).toString()).toBe('answer');
    await expect.poll(() => asked).toBe('question');
  });
});
