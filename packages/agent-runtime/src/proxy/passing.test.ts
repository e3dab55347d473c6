import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { heldBytes } from '../testing/held-bytes.ts';
import { HttpParty, RawParty } from '../testing/http-party.ts';
import { type ProxiedOptions, personal, proxied } from '../testing/proxied.ts';
import { get } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';

/** A port without routes in front of an app that handles its connections byte by byte. */
async function passing(onConnection: Parameters<typeof RawParty.start>[0], options: ProxiedOptions = {}) {
  const app = await RawParty.start(onConnection);
  const made = await proxied(app.port, options);
  return {
    ...made,
    app,
    async [Symbol.asyncDispose]() {
      for (const part of [made, app]) await part[Symbol.asyncDispose]();
    },
  };
}

it('passes the end of one direction on and lets the other go on', async () => {
  let request = '';
  await using made = await passing((socket) => {
    socket.on('data', (bytes) => (request += bytes.toString('latin1')));
    socket.on('end', () => socket.end(`got ${request}`));
  });
  using client = await made.connect();

  client.send('all of it').socket.end();

  expect(await client.takeUntil('all of it')).toBe('got all of it');
  expect(await client.ended()).toBe('ended');
});

it('passes the end of the app on and lets the client go on', async () => {
  let received = '';
  await using made = await passing((socket) => {
    socket.on('data', (bytes) => (received += bytes.toString('latin1')));
    socket.end('bye');
  });
  using client = await made.connect();
  expect(await client.ended()).toBe('ended');

  client.send('still here').socket.end();

  await until(() => received === 'still here', 'the app has the bytes');
  await until(() => made.port.stats().open === 0, 'the connection is over');
});

it('passes a reset of the client on as a reset', async () => {
  let fate = '';
  await using made = await passing((socket) => {
    socket.on('data', () => {});
    socket.on('error', (error: NodeJS.ErrnoException) => (fate = error.code ?? ''));
  });
  using client = await made.connect();
  client.send('x');
  await until(() => made.port.stats().bytesIn === 1, 'the byte is through');

  client.socket.resetAndDestroy();

  await until(() => fate === 'ECONNRESET', 'the app sees a reset');
  await until(() => made.port.stats().open === 0, 'the connection is over');
});

it('passes a reset of the app on as a reset', async () => {
  await using made = await passing((socket) => socket.on('data', () => socket.resetAndDestroy()));
  using client = await made.connect();

  client.send('x');

  expect(await client.ended()).toBe('reset');
});

it('cuts the client at once when nobody listens at the app', async () => {
  const app = await RawParty.start(() => {});
  await app[Symbol.asyncDispose]();
  await using made = await proxied(app.port);
  using client = await made.connect();

  expect(await client.ended()).toBe('reset');
});

it.each([
  ['127.0.0.2', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.2'],
])('finds an app that is not at %s but at %s (case 15)', async (host) => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { appHost: host, otherAppHosts: ['127.0.0.2', '127.0.0.1'] });
  for (const path of ['/1', '/2']) {
    using client = await made.connect();
    expect((await client.ask(get(path))).body).toBe(`app GET ${path}`);
  }
});

it('carries bulk both ways unchanged', async () => {
  await using made = await passing((socket) => socket.pipe(socket));
  using client = await made.connect();
  const bulk = randomBytes(8 << 20);
  const came = createHash('sha256');
  let received = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (bytes) => {
    came.update(bytes);
    received += bytes.length;
  });

  client.socket.end(bulk);
  await until(() => received === bulk.length, 'all bytes came back');

  expect(came.digest('hex')).toBe(createHash('sha256').update(bulk).digest('hex'));
});

it.each([
  ['reads', true],
  ['writes', false],
])('holds little for a connection whose other end stopped: the client that %s', async (_what, isReader) => {
  const chunk = Buffer.alloc(1 << 16);
  await using made = await passing((socket) => {
    if (!isReader) return void socket.pause();
    const pump = (): void => {
      while (socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => made.connect()));
  for (const client of clients) {
    client.socket.pause();
    if (!isReader) while (client.socket.write(chunk));
  }
  const before = heldBytes();
  let last = -1;
  const moved = (): number => made.port.stats().bytesIn + made.port.stats().bytesOut;
  await until(async () => {
    const isStill = moved() === last && last > 0;
    last = moved();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return isStill;
  }, 'nothing moves any more');

  // Each connection holds a read buffer and what its socket queues, not what the kernel holds beyond.
  await until(() => heldBytes() - before < 20 * 256 * 1024, 'little is held');
  for (const client of clients) client[Symbol.dispose]();
});

it('counts bytes and connections', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port);
  using client = await made.connect();

  const { head, body } = await client.ask(get('/1'));

  expect(made.port.stats()).toMatchObject({ connections: 1, open: 1, diverted: 0, fellBack: 0 });
  expect(made.port.stats().bytesIn).toBe(get('/1').length);
  expect(made.port.stats().bytesOut).toBe(head.length + body.length);
});

it('closes idle connections when it drains, lets a request finish, and cuts what is left after the time', async () => {
  let finish: (() => void) | undefined;
  await using app = await HttpParty.start('app', (request, response) => {
    if (request.url === '/now') return false;
    finish = () => response.end('finished');
    return true;
  });
  await using made = await proxied(app.port, { isManual: true });
  using idle = await made.connect();
  using busy = await made.connect();
  using raw = await made.connect();
  await idle.ask(get('/now'));
  busy.send(get('/slow'));
  raw.send('\x00');
  await until(() => finish !== undefined, 'the app has the request');

  const drained = made.port.drain(10_000);
  expect(await idle.ended()).toBe('ended');
  finish?.();
  expect((await busy.answer()).body).toBe('finished');
  expect(await busy.ended()).toBe('ended');
  await made.clock.advance(10_000);
  await drained;

  await expect(made.connect()).rejects.toThrow('ECONNREFUSED');
});

it.runIf(existsSync('/proc/net/tcp'))('lets the kernel ask clients that stay whether they are alive', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { isManual: true });
  using client = await made.connect();
  await client.ask(get('/1'));
  const own = `:${made.port.port.toString(16).toUpperCase().padStart(4, '0')} `;
  const timers = (): string[] =>
    readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/ +/))
      .filter(([, local = '', , state]) => `${local} `.endsWith(own) && state === '01')
      .map(([, , , , , timer = '']) => timer.slice(0, 2));
  expect(timers()).toEqual(['00']);

  await made.clock.advance(60_000);

  expect(timers()).toEqual(['02']);
});

it('is over at once when it is disposed while it drains', async () => {
  await using app = await HttpParty.start('app');
  const made = await proxied(app.port, { isManual: true });
  using client = await made.connect();
  await client.ask(get('/1'));

  const drained = made.port.drain(10_000);
  await made[Symbol.asyncDispose]();
  await drained;

  expect(made.port.stats().open).toBe(0);
});

it('refuses routes with a bad match, and keeps the old ones', async () => {
  await using app = await HttpParty.start('app');
  await using dev = await HttpParty.start('dev');
  await using made = await proxied(app.port, { routes: personal('mine', 'ada') });
  made.diverter.holders.set('mine', dev.port);
  const match = { headers: { 'x-user': { regex: '(' } } };

  const applying = made.port.apply({
    intercepts: [{ id: 'bad', match, toggle: 'drain', includeProbes: false }],
    wiretaps: [],
  });

  await expect(applying).rejects.toMatchObject({ code: 'bad-match' });
  using client = await made.connect();
  expect((await client.ask(get('/1', 'X-User: ada'))).body).toBe('dev GET /1');
});
