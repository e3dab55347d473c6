import { once } from 'node:events';
import {
  connect as connectHttp2,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { ManualClock } from '@fairlead/core';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, expect, it, vi } from 'vitest';
import { HandlerServer } from './handler-server.ts';
import type { HandlerFailure } from './handler-server-options.ts';
import type { RequestHandler } from './request-handler.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

type AppHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** An app that speaks HTTP/2, and a port on which every connection is served as if it had been diverted from it. */
async function aDiversion(handler: RequestHandler, app: AppHandler = answerAsApp) {
  const appServer = createServer();
  appServer.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    app(stream, headers);
  });
  appServer.listen(0, '127.0.0.1');
  await once(appServer, 'listening');
  const failures: HandlerFailure[] = [];
  const sockets: Socket[] = [];
  const server = new HandlerServer({
    clock: new ManualClock(),
    intercept: 'price',
    handler,
    marks: { servedBy: true, noStore: false },
    onCall: () => undefined,
    onFailure: (failure) => failures.push(failure),
  });
  const diverted = createNetServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    void server.serve(socket, {
      source: { address: '10.0.0.9', port: 4711 },
      pod: 'cart-1',
      containerPort: 8080,
      isHttp: true,
      isHttp2: true,
      openApp: async () => {
        const way = connect({ port: (appServer.address() as AddressInfo).port, host: '127.0.0.1' });
        await once(way, 'connect');
        return way;
      },
    });
  });
  diverted.listen(0, '127.0.0.1');
  await once(diverted, 'listening');
  const { port } = diverted.address() as AddressInfo;
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
  open.push(() => {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    diverted.close();
    appServer.close();
  });
  return {
    port,
    failures,
    server,
    async ask(headers: OutgoingHttpHeaders, body?: string) {
      const stream = client.request(headers, { endStream: body === undefined });
      stream.on('error', () => {});
      if (body !== undefined) stream.end(body);
      let trailers: IncomingHttpHeaders = {};
      stream.on('trailers', (got) => {
        trailers = got;
      });
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      return { headers: answer, body: await text(stream), trailers };
    },
  };
}

function answerAsApp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  void text(stream).then((body) => {
    stream.respond({ ':status': 200, 'x-app': 'yes' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': String(body.length) }));
    stream.end(`app ${headers[':method']} ${headers[':path']} ${body}`);
  });
}

it('shows a handler a stream as a request, and its answer to the caller', async () => {
  const made = await aDiversion(async (request, { rawHeaders, pod }) => {
    const said = `${request.method} ${request.url} ${await request.text()} ${request.headers.get('x-user')} ${pod}`;
    return new Response(said, { status: 201, headers: { 'x-raw': String(rawHeaders.includes(':path')) } });
  });

  const answer = await made.ask(
    { ':method': 'POST', ':path': '/a?b=1', ':authority': 'shop:80', 'x-user': 'ada' },
    'a body',
  );

  expect(answer.body).toBe('POST http://shop/a?b=1 a body ada cart-1');
  expect(answer.headers).toMatchObject({ ':status': 201, 'x-raw': 'false', 'x-fairlead-served-by': 'price' });
});

it('leaves a stream to the app, body and trailers included, when the handler returns nothing', async () => {
  const made = await aDiversion(() => undefined);

  const answer = await made.ask({ ':method': 'POST', ':path': '/a' }, 'a body');

  expect(answer.body).toBe('app POST /a a body');
  expect(answer.headers).toMatchObject({ 'x-app': 'yes' });
  expect(answer.trailers).toMatchObject({ 'x-sum': '6' });
});

it('lets a handler ask the app and edit its answer, which keeps its trailers', async () => {
  const made = await aDiversion(async (_, context) => {
    const real = await context.passthrough();
    return new Response(real.body, { headers: { ...Object.fromEntries(real.headers), 'x-edited': 'yes' } });
  });

  const answer = await made.ask({ ':path': '/a' });

  expect(answer.body).toBe('app GET /a ');
  expect(answer.headers).toMatchObject({ 'x-app': 'yes', 'x-edited': 'yes' });
  expect(answer.trailers).toMatchObject({ 'x-sum': '0' });
});

it('lets a handler read the answer of the app long after it has come', async () => {
  let tellClosed = (): void => {};
  const closed = new Promise<void>((resolve) => {
    tellClosed = resolve;
  });
  const long = 'x'.repeat(4_000);
  const handler: RequestHandler = async (_request, context) => {
    const real = await context.passthrough();
    await closed;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    return new Response(`late ${(await real.text()).length}`);
  };
  const made = await aDiversion(handler, (stream) => {
    stream.on('close', () => tellClosed());
    stream.respond({ ':status': 200 });
    stream.resume().on('end', () => stream.end(long));
  });

  const answer = await made.ask({ ':method': 'POST', ':path': '/' }, 'asked');

  expect([made.failures, answer.body]).toEqual([[], 'late 4000']);
});

it('answers 502 for what a handler throws, and goes on', async () => {
  const made = await aDiversion((request) => {
    if (request.url.endsWith('/bad')) throw new Error('no price');
    return new Response('fine');
  });

  const [bad, fine] = await Promise.all([made.ask({ ':path': '/bad' }), made.ask({ ':path': '/fine' })]);

  expect(bad.headers[':status']).toBe(502);
  expect(bad.body).toContain('no price');
  expect(fine.body).toBe('fine');
  expect(made.failures).toMatchObject([{ method: 'GET', url: '/bad' }]);
});

it('tells the handler and the app when the caller gives a stream up', async () => {
  const aborted: string[] = [];
  const reached: ServerHttp2Stream[] = [];
  const made = await aDiversion(
    (request, context) => {
      request.signal.addEventListener('abort', () => aborted.push('handler'));
      return context.passthrough();
    },
    (stream) => reached.push(stream),
  );
  const client = connectHttp2(`http://127.0.0.1:${made.port}`);
  open.push(() => client.destroy());
  const stream = client.request({ ':path': '/slow' });
  stream.on('error', () => {});
  await vi.waitFor(() => expect(reached).toHaveLength(1));

  stream.close(8);

  await vi.waitFor(() => expect(reached[0]?.rstCode).toBe(8));
  expect(aborted).toEqual(['handler']);
});

it('answers real gRPC calls: messages, status as trailers, errors with and without messages, and hears of deadlines', async () => {
  const message = (said: string): Uint8Array => {
    const bytes = Buffer.alloc(5 + said.length);
    bytes.writeUInt32BE(said.length, 1);
    bytes.write(said, 5);
    return bytes;
  };
  const left: string[] = [];
  const made = await aDiversion(async (request) => {
    const asked = (await buffer(request.body as unknown as AsyncIterable<Uint8Array>)).subarray(5).toString();
    const headers = { 'content-type': 'application/grpc' };
    if (asked === 'none') {
      return new Response(null, { headers: { ...headers, 'grpc-status': '5', 'grpc-message': 'no such price' } });
    }
    if (asked === 'throw') throw new Error('broken');
    if (asked === 'late') {
      const trouble = { 'grpc-status': '8', 'grpc-message': 'no more', 'x-own': 'yes' };
      return new Response(message('one of two'), { headers: { ...headers, ...trouble } });
    }
    if (asked === 'never') {
      await once(request.signal, 'abort');
      left.push(request.headers.get('grpc-timeout') ?? 'no deadline');
    }
    return new Response(message(`price of ${asked}`), { headers });
  });
  const client = new Client(`127.0.0.1:${made.port}`, credentials.createInsecure());
  open.push(() => client.close());
  const same = (bytes: Buffer): Buffer => bytes;
  const call = (said: string, deadline = Number.POSITIVE_INFINITY): Promise<[ServiceError | null, string]> =>
    new Promise((resolve) => {
      const asked = Buffer.from(said);
      client.makeUnaryRequest('/shop.Shop/Price', same, same, asked, new Metadata(), { deadline }, (error, answer) =>
        resolve([error, String(answer)]),
      );
    });

  const [fine, none, thrown] = await Promise.all([call('tea'), call('none'), call('throw')]);
  const [[late], [never]] = await Promise.all([call('late'), call('never', Date.now() + 100)]);

  expect(fine).toEqual([null, 'price of tea']);
  expect(none[0]).toMatchObject({ code: status.NOT_FOUND, details: 'no such price' });
  expect(thrown[0]).toMatchObject({ code: status.INTERNAL, details: expect.stringContaining('broken') });
  expect(late).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'no more' });
  expect(late?.metadata.get('x-own')).toEqual([]);
  expect(never).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  await vi.waitFor(() => expect(left).toEqual([expect.stringMatching(/^\d+m$/)]));
});
