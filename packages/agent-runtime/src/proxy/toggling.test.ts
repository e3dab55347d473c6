import { Agent, request } from 'node:http';
import { expect, it } from 'vitest';
import { HttpParty, RawParty } from '../testing/http-party.ts';
import { exclusive, nothing, type ProxiedOptions, personal, proxied, untilFirstBytes } from '../testing/proxied.ts';
import { get } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';

const ada = 'X-User: ada';

/** An app, a developer's server and a port between them. */
async function shop(options: ProxiedOptions = {}) {
  const app = await HttpParty.start('app');
  const dev = await HttpParty.start('dev');
  const made = await proxied(app.port, options);
  made.diverter.holders.set('mine', dev.port);
  return {
    ...made,
    app,
    dev,
    async [Symbol.asyncDispose]() {
      for (const part of [made, app, dev]) await part[Symbol.asyncDispose]();
    },
  };
}

/** Asks and resolves to the body; rejects when the connection breaks. */
function ask(port: number, agent: Agent, path: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', agent, path, headers }, (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (piece: string) => (body += piece));
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    asking.on('error', reject);
    asking.end();
  });
}

it.each([
  ['personal', personal('mine', 'ada'), { 'x-user': 'ada' }],
  ['exclusive', exclusive('mine'), {}],
])(
  'loses, doubles and mixes up nothing while a %s intercept starts and stops 100 times under load (case 5)',
  async (_kind, routes, headers) => {
    await using made = await shop();
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    let isRunning = true;
    let asked = 0;
    const worker = async (name: number): Promise<void> => {
      for (let turn = 0; isRunning; turn += 1) {
        const path = `/${name}/${turn}`;
        asked += 1;
        expect(await ask(made.port.port, agent, path, headers)).toMatch(new RegExp(`^(app|dev) GET ${path}$`));
        // A new connection now and then: exclusive intercepts take nothing else.
        if (turn % 4 === 3) await ask(made.port.port, new Agent(), `${path}/new`, headers).then(() => (asked += 1));
      }
    };
    const workers = Promise.all(Array.from({ length: 4 }, (_, name) => worker(name)));

    for (let toggle = 0; toggle < 100; toggle += 1) {
      await made.port.apply(toggle % 2 === 0 ? routes : nothing);
      const target = asked + 2;
      await until(() => asked >= target, 'the load goes on');
    }
    isRunning = false;
    await workers;
    agent.destroy();

    expect(made.app.urls.length + made.dev.urls.length).toBe(asked);
    expect(new Set([...made.app.urls, ...made.dev.urls]).size).toBe(asked);
    expect(made.app.urls.length).toBeGreaterThan(0);
    expect(made.dev.urls.length).toBeGreaterThan(0);
  },
  30_000,
);

it('lets a diverted connection finish where it is when its intercept ends (case 2)', async () => {
  await using made = await shop({ routes: exclusive('mine') });
  using old = await made.connect();
  expect((await old.ask(get('/1'))).body).toBe('dev GET /1');

  await made.port.apply(nothing);
  using young = await made.connect();

  expect((await young.ask(get('/2'))).body).toBe('app GET /2');
  expect((await old.ask(get('/3'))).body).toBe('dev GET /3');
});

it.each([
  ['the released one first', true],
  ['the new one first', false],
])(
  'serves the port to the last of a released and a new connection, and afterwards: %s (case 3)',
  async (_what, isOldFirst) => {
    await using made = await shop({ routes: exclusive('mine') });
    using old = await made.connect();
    expect((await old.ask(get('/1'))).body).toBe('dev GET /1');
    await made.port.apply(nothing);
    using young = await made.connect();
    expect((await young.ask(get('/2'))).body).toBe('app GET /2');

    const [first, last, side] = isOldFirst ? [old, young, 'app'] : [young, old, 'dev'];
    first.socket.end();
    await until(() => made.port.stats().open === 1, 'one is closed');
    expect((await last.ask(get('/3'))).body).toBe(`${side} GET /3`);
    last.socket.end();
    await until(() => made.port.stats().open === 0, 'both are closed');

    using later = await made.connect();
    expect((await later.ask(get('/4'))).body).toBe('app GET /4');
    await made.port.apply(exclusive('mine'));
    using again = await made.connect();
    expect((await again.ask(get('/5'))).body).toBe('dev GET /5');
  },
);

it('lets the answer under way finish when its intercept ends, and asks the app next', async () => {
  const finish: (() => void)[] = [];
  await using slow = await HttpParty.start('slow', (_request, response) => {
    response.write('begun ');
    finish.push(() => response.end('done'));
    return true;
  });
  await using made = await shop({ routes: personal('mine', 'ada') });
  made.diverter.holders.set('mine', slow.port);
  using client = await made.connect();
  client.send(get('/1', ada) + get('/2', ada));
  await until(() => finish.length === 2, 'the holder has both requests');

  await made.port.apply(nothing);
  finish[0]?.();
  expect((await client.answer()).body).toBe('begun done');
  finish[1]?.();
  expect((await client.answer()).body).toBe('begun done');

  expect((await client.ask(get('/3', ada))).body).toBe('app GET /3');
  await until(() => made.diverter.open === 0, 'the stream is closed');
});

it('closes the idle stream of an intercept that ends, not the client', async () => {
  await using made = await shop({ routes: personal('mine', 'ada') });
  using client = await made.connect();
  await client.ask(get('/1', ada));
  expect(made.diverter.open).toBe(1);

  await made.port.apply(nothing);

  await until(() => made.diverter.open === 0, 'the stream is closed');
  expect((await client.ask(get('/2', ada))).body).toBe('app GET /2');
});

it('keeps an upgraded connection when its intercept ends', async () => {
  await using made = await shop({ routes: personal('mine', 'ada') });
  made.diverter.holders.set('mine', (stream) => {
    stream.accept();
    stream.onReceived = () => {
      stream.answer('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      stream.onReceived = () => stream.answer('pong');
    };
  });
  using client = await made.connect();
  await client.ask(get('/ws', ada, 'Connection: Upgrade', 'Upgrade: websocket'));

  await made.port.apply(nothing);
  client.send('ping');

  expect(await client.take(4)).toBe('pong');
});

it.each([
  ['exclusive', exclusive('mine', 'cut')],
  ['personal', personal('mine', 'ada', 'cut')],
])('cuts what is diverted when a cutting %s intercept ends, and nothing else', async (_kind, routes) => {
  await using made = await shop({ routes, limits: untilFirstBytes });
  using mine = await made.connect();
  expect((await mine.ask(get('/1', ada))).body).toBe('dev GET /1');
  using probe = await made.connect();
  expect((await probe.ask(get('/2', 'User-Agent: kube-probe/1.30'))).body).toBe('app GET /2');

  await made.port.apply(nothing);

  expect(await mine.ended()).toBe('reset');
  expect((await probe.ask(get('/3'))).body).toBe('app GET /3');
});

it.each([
  ['exclusive', exclusive('mine', 'cut')],
  ['personal', personal('mine', 'ada', 'cut')],
])('cuts the connections of the app when a cutting %s intercept starts', async (_kind, routes) => {
  await using made = await shop();
  using old = await made.connect();
  await old.ask(get('/1'));

  await made.port.apply(routes);

  expect(await old.ended()).toBe('reset');
  using young = await made.connect();
  expect((await young.ask(get('/2', ada))).body).toBe('dev GET /2');
});

it('leaves connections alone when the same intercept is applied again', async () => {
  await using made = await shop({ routes: exclusive('mine', 'cut') });
  using client = await made.connect();
  await client.ask(get('/1'));

  await made.port.apply(exclusive('mine', 'cut'));
  await made.port.apply(exclusive('mine', 'cut'));

  expect((await client.ask(get('/2'))).body).toBe('dev GET /2');
});

it('connects those that were waiting to be told apart when the intercept ends', async () => {
  const app = await RawParty.start((socket) => socket.write('220 hello\r\n'));
  await using made = await proxied(app.port, { routes: personal('mine', 'ada'), isManual: true });
  using client = await made.connect();
  await until(() => made.port.stats().open === 1, 'the connection is there');

  await made.port.apply(nothing);

  expect(await client.takeUntil('\r\n')).toBe('220 hello\r\n');
  await app[Symbol.asyncDispose]();
});
