import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { joinStreams } from '@fairlead/tunnel';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { Intercept } from '../intercept.ts';
import { listening } from '../testing/loopback.ts';
import { SessionLab } from '../testing/session-lab.ts';

const match = { headers: { 'x-run': 'run-1' } };

/** An intercept that leads to a local port, and a port whose connections are diverted to it. */
async function divertedTo(lab: SessionLab, to: number): Promise<{ price: Intercept; port: number }> {
  const session = await lab.connect();
  const price = await session.intercept({ workload: 'cart', name: 'price', match, to });
  const entrance = createServer({ allowHalfOpen: true }, (socket) => {
    void joinStreams(socket, lab.relay.divert('shop/price', { protocol: 'http2' }));
  });
  return { price, port: await listening(entrance) };
}

/** A server of HTTP/2 on the loopback. */
async function serving(answer: (stream: ServerHttp2Stream) => void): Promise<number> {
  const server = createHttp2();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  return await listening(server as never);
}

describe('Calls by HTTP/2 of a local server', () => {
  it('are taken down, bodies and answers included, also when both ends compress their headers', async () => {
    await using lab = await SessionLab.start();
    const to = await serving((stream) => {
      stream.additionalHeaders({ ':status': 103 });
      stream.respond({ ':status': 201, 'x-same': 'again and again' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
      stream.resume().on('end', () => stream.end('made'));
    });
    const { price, port } = await divertedTo(lab, to);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    using _ = { [Symbol.dispose]: () => client.destroy() };
    const long = 'x'.repeat(40_000);

    const answers = Array.from({ length: 20 }, async (_, at) => {
      const headers = { ':method': 'POST', ':path': `/${at}`, ':authority': 'cart', 'x-run': 'run-1', 'x-at': `${at}` };
      const stream = client.request(headers);
      stream.write(long);
      stream.end(`end ${at}`);
      return await text(stream);
    });

    expect(new Set(await Promise.all(answers))).toEqual(new Set(['made']));
    expect(price.calls()).toHaveLength(20);
    for (const at of price.calls().keys()) {
      const call = await price.next({ where: ({ headers }) => headers.get('x-at') === `${at}` });
      expect([call.request.method, call.request.url]).toEqual(['POST', `http://cart/${at}`]);
      expect(await call.request.text()).toBe(`${long}end ${at}`);
      expect(await call.answered()).toMatchObject({ servedBy: 'handler', status: 201 });
    }
  });

  it('end when either side gives them up, and when the connection is lost', async () => {
    await using lab = await SessionLab.start();
    const to = await serving((stream) => {
      stream.respond({ ':status': 200 });
      // When its head has left: newer versions of Node send none before the reset otherwise.
      if (stream.id === 3) stream.write('begun', () => stream.destroy(new Error('on purpose')));
    });
    const { price, port } = await divertedTo(lab, to);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    client.on('error', () => {});
    const streams = [1, 3, 5].map(() => {
      const stream = client.request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => {});
      return stream;
    });
    const calls = [await price.next(), await price.next(), await price.next()];
    await once(streams[0] as never, 'response');
    streams[0]?.close(8);
    const [left, refused] = [await calls[0]?.answered(), await calls[1]?.answered()];
    client.destroy();

    expect([left, refused, await calls[2]?.answered()]).toMatchObject(
      Array.from({ length: 3 }, () => ({ servedBy: 'nobody', status: 200 })),
    );
    await expect(calls[1]?.request.text()).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it('of gRPC have their messages and the status of the answer', async () => {
    await using lab = await SessionLab.start();
    const same = (bytes: Buffer): Buffer => bytes;
    const path = '/shop.Shop/Price';
    const serialize = { requestSerialize: same, responseSerialize: same };
    const deserialize = { requestDeserialize: same, responseDeserialize: same };
    const method = { path, requestStream: false, responseStream: false, ...serialize, ...deserialize };
    const server = new Server();
    server.addService(
      { price: method },
      {
        price: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
          if (String(call.request) === 'bad') done({ code: 9, details: 'not now' });
          else done(null, Buffer.from(`real ${String(call.request)}`));
        },
      },
    );
    const to = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    const { price, port } = await divertedTo(lab, to);
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    using _ = {
      [Symbol.dispose]() {
        client.close();
        server.forceShutdown();
      },
    };
    const call = (said: string): Promise<string> =>
      new Promise((resolve) => {
        client.makeUnaryRequest(path, same, same, Buffer.from(said), (error, answer) =>
          resolve(error ? `${error.code} ${error.details}` : String(answer)),
        );
      });

    expect([await call('eggs'), await call('bad')]).toEqual(['real eggs', '9 not now']);
    const [eggs, bad] = [await price.next(), await price.next()];
    expect(new URL(eggs.request.url).pathname).toBe(path);
    expect(eggs.request.headers.get('content-type')).toBe('application/grpc');
    expect(Buffer.from(await eggs.request.bytes())).toEqual(Buffer.from('\0\0\0\0\x04eggs'));
    expect([await eggs.answered(), await bad.answered()]).toMatchObject([
      { servedBy: 'handler', status: 200 },
      { servedBy: 'handler', status: 200 },
    ]);
  });

  it('of curl are taken down', async () => {
    await using lab = await SessionLab.start();
    // Not before all is read: told of an error sooner, curl cuts its body short, and the server resets that.
    const to = await serving((stream) => {
      stream.resume().on('end', () => {
        stream.respond({ ':status': 404 });
        stream.end('none');
      });
    });
    const { price, port } = await divertedTo(lab, to);
    const asked = ['-s', '--http2-prior-knowledge', '-d', 'a=1', `http://127.0.0.1:${port}/curl`];

    expect((await promisify(execFile)('curl', asked)).stdout).toBe('none');
    const call = await price.next();
    expect([call.request.method, await call.request.text()]).toEqual(['POST', 'a=1']);
    expect(await call.answered()).toMatchObject({ status: 404 });
  });

  it('pass as they are when they cannot be understood', async () => {
    await using lab = await SessionLab.start();
    const to = await listening(createServer((socket) => void socket.on('error', () => {}).pipe(socket)));
    const { price, port } = await divertedTo(lab, to);
    const socket = connect(port, '127.0.0.1');
    socket.end('neither this nor that');

    expect(await text(socket)).toBe('neither this nor that');
    expect(price.calls()).toEqual([]);
  });
});
