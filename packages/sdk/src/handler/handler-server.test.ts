import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { ManualClock } from '@fairlead/core';
import { afterEach, describe, expect, it } from 'vitest';
import { HandlerServer } from './handler-server.ts';
import type { HandlerFailure } from './handler-server-options.ts';
import type { AnswerMarks } from './mark-answer.ts';
import type { RequestHandler } from './request-handler.ts';

const open: (() => void)[] = [];

afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

/** An app, and a port on which every connection is served as if it had been diverted from that app. */
async function aDiversion(
  handler: RequestHandler,
  app: RequestListener = (_, response) => response.end('app'),
  marks: AnswerMarks = { servedBy: true, noStore: true },
) {
  const appServer = createServer(app);
  appServer.listen(0, '127.0.0.1');
  await once(appServer, 'listening');
  open.push(() => {
    appServer.closeAllConnections();
    appServer.close();
  });
  return { ...(await aDiversionTo(handler, (appServer.address() as AddressInfo).port, marks)), appServer };
}

async function aDiversionTo(
  handler: RequestHandler,
  appPort: number,
  marks: AnswerMarks = { servedBy: true, noStore: true },
) {
  const failures: HandlerFailure[] = [];
  const sockets: Socket[] = [];
  let calls = 0;
  const clock = new ManualClock();
  const server = new HandlerServer({
    clock,
    intercept: 'price',
    handler,
    marks,
    onCall: () => {
      calls += 1;
      return undefined;
    },
    onFailure: (failure) => failures.push(failure),
  });
  const diverted = createNetServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    void server.serve(socket, {
      source: { address: '10.0.0.9', port: 4711 },
      pod: 'cart-1',
      containerPort: 8080,
      isHttp: false,
      openApp: async () => {
        const app = connect({ port: appPort, host: '127.0.0.1', allowHalfOpen: true });
        await once(app, 'connect');
        return app;
      },
    });
  });
  diverted.listen(0, '127.0.0.1');
  await once(diverted, 'listening');
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    diverted.close();
  });
  const port = (diverted.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${port}`, port, server, clock, failures, sockets, calls: () => calls };
}

/** Sends bytes and returns everything that comes back until the other side ends. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(Buffer.from(bytes, 'latin1'));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('A handler', () => {
  it('answers with a Response, whose length is told when it is known', async () => {
    const { url, calls } = await aDiversion((request) => Response.json({ path: new URL(request.url).pathname }));

    const answer = await fetch(`${url}/price?x=1`);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('17');
    expect(await answer.json()).toEqual({ path: '/price' });
    expect(calls()).toBe(1);
  });

  it('is shown method, headers, body, source and pod', async () => {
    const { url } = await aDiversion(async (request, context) =>
      Response.json({
        method: request.method,
        header: request.headers.get('x-user'),
        raw: context.rawHeaders.includes('X-User'),
        body: await request.text(),
        source: context.source,
        pod: context.pod,
        port: context.containerPort,
        intercept: context.intercept,
      }),
    );
    const call = httpRequest(url, { method: 'PUT', headers: { 'X-User': 'ada' } });
    call.end('hello');
    const [answer] = (await once(call, 'response')) as [IncomingMessage];

    expect(JSON.parse(await bodyOf(answer))).toEqual({
      method: 'PUT',
      header: 'ada',
      raw: true,
      body: 'hello',
      source: { address: '10.0.0.9', port: 4711 },
      pod: 'cart-1',
      port: 8080,
      intercept: 'price',
    });
  });

  it('leaves the answer to the app by returning undefined, heads in their spelling and bodies untouched', async () => {
    const packed = gzipSync('packed');
    const seen: string[][] = [];
    const { port } = await aDiversion(
      () => undefined,
      (request, response) => {
        seen.push(request.rawHeaders);
        response.sendDate = false;
        response.writeHead(201, 'Made', [
          'X-Odd',
          'a',
          'x-odd',
          'b',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'Content-Encoding',
          'gzip',
          'Content-Length',
          String(packed.length),
        ]);
        response.end(packed);
      },
    );

    const answer = await raw(
      port,
      'GET /a HTTP/1.1\r\nHOST: shop\r\nX-ODD: \xe9\r\nx-odd: 2\r\nKeep-Alive: 5\r\nConnection: x-mine, close\r\nX-Mine: 1\r\n\r\n',
    );

    expect(answer).toBe(
      `HTTP/1.1 201 Made\r\nX-Odd: a\r\nx-odd: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\nConnection: close\r\n\r\n${packed.toString('latin1')}`,
    );
    expect(seen).toEqual([['HOST', 'shop', 'X-ODD', '\xe9', 'x-odd', '2', 'Connection', 'close']]);
  });

  it('may read a small body and still leave the answer to the app', async () => {
    const { url } = await aDiversion(
      async (request) => {
        expect(await request.text()).toBe('payload');
        return undefined;
      },
      async (request, response) =>
        response.end(`app got ${await bodyOf(request)} ${request.headers['content-length']}`),
    );

    expect(await (await fetch(url, { method: 'POST', body: 'payload' })).text()).toBe('app got payload 7');
  });

  it('streams an unread body of any size to the app', async () => {
    const size = 5 << 20;
    const { url, failures } = await aDiversion(
      () => undefined,
      async (request, response) => {
        let bytes = 0;
        for await (const chunk of request) bytes += chunk.length;
        response.end(String(bytes));
      },
    );

    expect(await (await fetch(url, { method: 'POST', body: Buffer.alloc(size) })).text()).toBe(String(size));
    expect(failures).toEqual([]);
  });

  it('gets an explanation when it reads more than is kept and then leaves the answer to the app', async () => {
    const { url, failures } = await aDiversion(async (request) => {
      await request.arrayBuffer();
      return undefined;
    });

    const answer = await fetch(url, { method: 'POST', body: Buffer.alloc(2 << 20) });

    expect(answer.status).toBe(502);
    expect(await answer.text()).toMatch(/^fairlead: .*price.*longer than the 1048576 bytes/);
    expect(failures).toMatchObject([{ method: 'POST', url: '/', error: { code: 'unsupported' } }]);
  });

  it('asks the app, edits the decoded answer and returns it', async () => {
    const { url } = await aDiversion(
      async (_, context) => {
        const real = await context.passthrough();
        return Response.json(
          { ...((await real.json()) as object), amount: 0 },
          { status: real.status, headers: real.headers },
        );
      },
      (_, response) => {
        response.writeHead(203, [
          'Content-Type',
          'application/json',
          'Content-Encoding',
          'gzip',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
        ]);
        response.end(gzipSync('{"sku":"x","amount":5}'));
      },
    );

    const answer = await fetch(url);

    expect(answer.status).toBe(203);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(await answer.json()).toEqual({ sku: 'x', amount: 0 });
  });

  it('returns the answer of the app as it is, also after changing what the app is asked', async () => {
    const { url } = await aDiversion(
      (request, context) => {
        const headers = new Headers(request.headers);
        headers.set('x-added', 'yes');
        return context.passthrough(
          new Request(`${new URL(request.url).origin}/other`, { method: 'POST', headers, body: 'changed' }),
        );
      },
      async (request, response) =>
        response.end(`${request.method} ${request.url} ${String(request.headers['x-added'])} ${await bodyOf(request)}`),
    );

    expect(await (await fetch(`${url}/first`, { method: 'POST', body: 'original' })).text()).toBe(
      'POST /other yes changed',
    );
  });

  it('may ask the app twice', async () => {
    let asked = 0;
    const { url } = await aDiversion(
      async (_, context) => {
        await context.passthrough();
        return context.passthrough();
      },
      async (request, response) => {
        asked += 1;
        response.end(`${asked}: ${await bodyOf(request)}`);
      },
    );

    expect(await (await fetch(url, { method: 'POST', body: 'same' })).text()).toBe('2: same');
  });

  it('answers a piece at a time, each of which the caller sees at once', async () => {
    let next: ((text: string | undefined) => void) | undefined;
    const pieces = async function* () {
      for (;;) {
        const text = await new Promise<string | undefined>((resolve) => {
          next = resolve;
        });
        if (text === undefined) return;
        yield Buffer.from(text);
      }
    };
    const { url } = await aDiversion(() => new Response(ReadableStream.from(pieces())));

    const reader = (await fetch(url)).body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ['one', 'two']) {
      await expect.poll(() => next).toBeDefined();
      const send = next;
      next = undefined;
      send?.(text);
      expect(await reader?.read()).toEqual({ done: false, value: text });
    }
    await expect.poll(() => next).toBeDefined();
    next?.(undefined);

    expect(await reader?.read()).toMatchObject({ done: true });
  });

  it('is read no faster than the caller reads', async () => {
    let made = 0;
    const endless = async function* () {
      for (;;) {
        made += 1;
        yield Buffer.alloc(64 * 1024);
      }
    };
    const { port } = await aDiversion(() => new Response(ReadableStream.from(endless())));
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');

    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = made > 0 && made === before;
          before = made;
          return isStill;
        },
        { interval: 100, timeout: 5_000 },
      )
      .toBe(true);

    expect(made).toBeLessThan(400);
    socket.destroy();
  });

  it('learns through the signal that the caller left (case 19)', async () => {
    let signal: AbortSignal | undefined;
    const { port, failures } = await aDiversion((request) => {
      signal = request.signal;
      return new Promise<Response>((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason));
      });
    });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => signal).toBeDefined();

    socket.resetAndDestroy();

    await expect.poll(() => signal?.aborted).toBe(true);
    expect(failures).toEqual([]);
  });

  it('that throws makes a 502 which names the hop and the intercept', async () => {
    const { url, failures } = await aDiversion(() => {
      throw new Error('out of stock');
    });

    const answer = await fetch(`${url}/buy`);

    expect(answer.status).toBe(502);
    expect(await answer.text()).toBe('fairlead: handler of intercept price: out of stock\n');
    expect(failures).toMatchObject([{ method: 'GET', url: '/buy', error: { message: 'out of stock' } }]);
  });

  it('that returns something else makes a 502', async () => {
    const { url } = await aDiversion((() => 'text') as unknown as RequestHandler);

    expect((await fetch(url)).status).toBe(502);
  });

  it('whose body fails in the middle cuts the answer, so that nobody takes it for whole', async () => {
    let fail: ((error: Error) => void) | undefined;
    const failing = async function* () {
      yield Buffer.from('half');
      await new Promise((_, reject) => {
        fail = reject;
      });
    };
    const { url, failures } = await aDiversion(() => new Response(ReadableStream.from(failing())));
    const answer = await fetch(url);

    fail?.(new Error('broken'));

    await expect(answer.text()).rejects.toThrow();
    await expect.poll(() => failures.length).toBe(1);
  });

  it('keeps the connection for the next request, also when it did not read the body of the last', async () => {
    const { url, sockets } = await aDiversion(async (request) => {
      if (request.method === 'PUT') await request.body?.getReader().read();
      return new Response(request.method);
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    open.push(() => agent.destroy());

    for (const method of ['PUT', 'POST', 'GET']) {
      const call = httpRequest(url, { method, agent });
      call.end(method === 'GET' ? undefined : Buffer.alloc(300_000));
      const [answer] = (await once(call, 'response')) as [IncomingMessage];
      expect(await bodyOf(answer)).toBe(method);
    }

    expect(sockets).toHaveLength(1);
  });

  it.each([
    ['HEAD', 200, new Response('body', { headers: { 'content-length': '4' } }), 'content-length: 4'],
    ['GET', 204, new Response(null, { status: 204 }), ''],
    ['GET', 304, new Response(null, { status: 304, headers: { etag: 'x' } }), 'etag: x'],
  ])('answers %s with %i without a body', async (method, status, response, header) => {
    const { port } = await aDiversion(() => response);

    const answer = await raw(port, `${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(header);
    expect(answer.split('\r\n\r\n')[1]).toBe('');
    expect(answer.toLowerCase()).not.toContain('transfer-encoding');
  });

  it('corrects a length that no longer fits the edited body', async () => {
    const { url } = await aDiversion(() => new Response('longer than that', { headers: { 'content-length': '3' } }));

    expect(await (await fetch(url)).text()).toBe('longer than that');
  });

  it('does not hide the body of a GET from the app', async () => {
    const { port } = await aDiversion(
      (request) => {
        expect(request.body).toBeNull();
        return undefined;
      },
      async (request, response) => response.end(`got ${await bodyOf(request)}`),
    );

    const answer = await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nquery');

    expect(answer).toContain('got query');
  });

  it('passes trailers on both ways when the app answers (case 22)', async () => {
    let trailers: NodeJS.Dict<string> = {};
    const { port } = await aDiversion(
      () => undefined,
      async (request, response) => {
        await bodyOf(request);
        trailers = request.trailers;
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': '42' });
        response.end();
      },
    );

    const answer = await raw(
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-check: 7\r\n\r\n',
    );

    expect(trailers).toEqual({ 'x-check': '7' });
    expect(answer).toContain('x-sum: 42');
  });

  it('answers 100-continue before it reads (case 22)', async () => {
    const { url } = await aDiversion(async (request) => new Response(await request.text()));
    const call = httpRequest(url, { method: 'POST', headers: { expect: '100-continue' } });
    call.flushHeaders();
    await once(call, 'continue');
    call.end('after');
    const [answer] = (await once(call, 'response')) as [IncomingMessage];

    expect(await bodyOf(answer)).toBe('after');
  });

  it('never sees an upgrade: the app gets the whole connection', async () => {
    const handler: RequestHandler = () => {
      throw new Error('not for me');
    };
    const { port, appServer } = await aDiversion(handler);
    appServer.on('upgrade', (request, socket, head) => {
      expect(request.headers['sec-websocket-key']).toBe('k');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${head.toString()}`,
      );
      socket.pipe(socket);
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\n',
    );
    let got = '';
    socket.on('data', (data) => {
      got += data;
    });
    await expect.poll(() => got).toContain('101 Switching');
    socket.write('ping');
    await expect.poll(() => got).toMatch(/ping$/);
    socket.destroy();
  });

  it('sees a request that merely offers h2c', async () => {
    const { port } = await aDiversion(
      async (request) => new Response(`${request.headers.get('upgrade')} ${await request.text()}`),
    );

    const answer = await raw(
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 4\r\n\r\nbody',
    );

    expect(answer).toContain('null body');
  });

  it('is passed by when the connection is not HTTP', async () => {
    const echo = createNetServer((socket) => socket.pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    open.push(() => echo.close());
    const { port } = await aDiversionTo(() => new Response('no'), (echo.address() as AddressInfo).port);

    expect(await raw(port, '\x16\x03\x01binary')).toBe('\x16\x03\x01binary');
  });

  it('finishes the answer under way when it is closed, and ends connections that stay silent', async () => {
    let finish: ((response: Response) => void) | undefined;
    const { port, server, clock } = await aDiversion((request) =>
      request.url.endsWith('/slow')
        ? new Promise<Response>((resolve) => {
            finish = resolve;
          })
        : new Response('quick'),
    );
    const slow = connect(port, '127.0.0.1');
    const idle = connect(port, '127.0.0.1');
    let got = '';
    slow.on('data', (data) => {
      got += data;
    });
    slow.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    idle.write('GET /quick HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    await expect.poll(() => finish).toBeDefined();

    server.close();
    await clock.advance(1_000);
    await once(idle, 'end');
    expect(slow.readableEnded).toBe(false);
    finish?.(new Response('done'));
    await once(slow, 'end');

    expect(got).toContain('done');
  });

  it('answers what was on its way when it is closed, on new and on kept connections, and ends them then', async () => {
    const { port, server } = await aDiversion(() => new Response('quick'));
    const fresh = connect(port, '127.0.0.1');
    const kept = connect(port, '127.0.0.1');
    await once(fresh, 'connect');
    kept.write('GET /first HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(kept, 'data');

    server.close();
    const rest = [fresh, kept].map(async (socket) => {
      socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n');
      return await text(socket);
    });

    for (const answer of await Promise.all(rest))
      expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*quick/i);
  });

  it('says in its answers whose they are and that nobody may keep them, unless told otherwise', async () => {
    const handler: RequestHandler = () => new Response('mine', { headers: { 'cache-control': 'public, max-age=60' } });
    const marked = await fetch((await aDiversion(handler)).url);
    const plain = await fetch((await aDiversion(handler, undefined, { servedBy: false, noStore: false })).url);

    expect(marked.headers.get('x-fairlead-served-by')).toBe('price');
    expect(marked.headers.get('cache-control')).toBe('no-store');
    expect(plain.headers.has('x-fairlead-served-by')).toBe(false);
    expect(plain.headers.get('cache-control')).toBe('public, max-age=60');
  });

  it('leaves no mark on what the app answers, and one on its own failures', async () => {
    const { url } = await aDiversion((request) => {
      if (request.url.endsWith('/fail')) throw new Error('on purpose');
      return undefined;
    });

    const answer = await fetch(url);
    const failure = await fetch(`${url}/fail`);

    expect([answer.headers.get('x-fairlead-served-by'), answer.headers.get('cache-control')]).toEqual([null, null]);
    expect([failure.status, failure.headers.get('x-fairlead-served-by')]).toEqual([502, 'price']);
  });

  it('cuts the connection by Response.error(), as an app that crashes does', async () => {
    const { url, failures } = await aDiversion(() => Response.error());

    await expect(fetch(url)).rejects.toThrow();
    expect(failures).toEqual([]);
  });
});
