import { expect, it } from 'vitest';
import { HttpParty } from '../testing/http-party.ts';
import type { Holder, ScriptedStream } from '../testing/memory-diverter.ts';
import { nothing, type ProxiedOptions, personal, proxied } from '../testing/proxied.ts';
import { chunkedPost, get, post } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';

const ada = 'X-User: ada';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A port whose requests of ada go to a holder, in front of an app. */
async function shop(holder: Holder, options: ProxiedOptions = {}) {
  const app = await HttpParty.start('app');
  const made = await proxied(app.port, { routes: personal('mine', 'ada'), ...options });
  made.diverter.holders.set('mine', holder);
  return {
    ...made,
    app,
    async [Symbol.asyncDispose]() {
      for (const part of [made, app]) await part[Symbol.asyncDispose]();
    },
  };
}

/** A holder that takes its streams and remembers them. */
function taking(streams: ScriptedStream[]): Holder {
  return (stream) => {
    stream.accept();
    stream.on('error', () => {});
    streams.push(stream);
  };
}

it.each<[string, Holder]>([
  ['there is no tunnel', undefined],
  ['the holder refuses', (stream) => stream.refuse()],
  ['the holder refuses later', (stream) => setTimeout(() => stream.refuse(), 20)],
])('lets the app answer, in order and once, when %s', async (_why, holder) => {
  await using made = await shop(holder);
  using client = await made.connect();

  client.send(get('/1', ada) + post('/2', 'body', ada) + get('/3') + chunkedPost('/4', ['a', 'b'], ada));

  const bodies: string[] = [];
  for (let turn = 0; turn < 4; turn += 1) bodies.push((await client.answer()).body);
  expect(bodies).toEqual(['app GET /1', 'app POST /2 body', 'app GET /3', 'app POST /4 ab']);
  expect(made.port.stats().fellBack).toBe(3);
});

it('lets the app answer when nobody takes the stream in time', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop((stream) => streams.push(stream), { isManual: true });
  using client = await made.connect();
  client.send(post('/1', 'body', ada));
  await until(() => streams[0]?.text.endsWith('body') ?? false, 'the holder has the request');

  await made.clock.advance(5000);

  expect((await client.answer()).body).toBe('app POST /1 body');
});

it('sends the rest of a body to the app that took over in its midst', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop((stream) => streams.push(stream));
  using client = await made.connect();
  client.send(post('/1', 'half half', ada).slice(0, -4));
  await until(() => streams[0]?.text.endsWith('half ') ?? false, 'the holder has the first half');

  streams[0]?.refuse();
  client.send('half');

  expect((await client.answer()).body).toBe('app POST /1 half half');
});

it.each(['destroy', 'end'])('lets the app answer what may be repeated when the holder is lost by %s', async (way) => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/1', ada) + get('/2', ada));
  await until(() => streams[0]?.text.includes('/2') ?? false, 'the holder has both');

  streams[0]?.answer(ok);
  expect((await client.answer()).body).toBe('ok');
  if (way === 'end') streams[0]?.push(null);
  else streams[0]?.destroy(new Error('the tunnel died'));

  expect((await client.answer()).body).toBe('app GET /2');
  expect((await client.ask(get('/3'))).body).toBe('app GET /3');
  expect(made.app.urls).toEqual(['/2', '/3']);
});

it('answers 502 and names the hop when the holder is lost over a request that it may have acted upon (case 4)', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(post('/order', 'one', ada));
  await until(() => streams[0]?.text.endsWith('one') ?? false, 'the holder has the request');

  made.diverter.die();

  const { status, body } = await client.answer();
  expect(status).toBe(502);
  expect(body).toMatch(/between the traffic-agent and the holder of intercept mine: the tunnel died/);
  expect(await client.ended()).toBe('ended');
  expect(made.app.urls).toEqual([]);
  client.socket.end();
  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it('answers 502 when too much of a request was sent to be sent again', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  const long = post('/1', 'x'.repeat(1 << 20), ada).replace('POST', 'PUT');
  client.send(long);
  await until(() => streams[0]?.received.length === long.length, 'the holder has the request');

  made.diverter.die();

  expect((await client.answer()).status).toBe(502);
});

it.each([
  ['holds', personal('mine', 'ada')],
  ['was released', nothing],
])(
  'cuts the client when the holder is lost in the midst of its answer, and its intercept %s (case 4)',
  async (_what, routes) => {
    const streams: ScriptedStream[] = [];
    await using made = await shop(taking(streams));
    using client = await made.connect();
    client.send(get('/1', ada));
    await until(() => streams.length === 1, 'the stream is open');
    streams[0]?.answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    await client.takeUntil('half');
    await made.port.apply(routes);

    made.diverter.die();

    expect(await client.ended()).toBe('reset');
    await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
  },
);

it('does not count an interim answer: the app may still take over', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/1', ada));
  await until(() => streams.length === 1, 'the stream is open');
  streams[0]?.answer('HTTP/1.1 103 Early Hints\r\n\r\n');
  expect((await client.answer()).status).toBe(103);

  made.diverter.die();

  expect((await client.answer()).body).toBe('app GET /1');
});

it('passes on nothing behind the end of an answer of the holder', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/1', ada));
  await until(() => streams.length === 1, 'the stream is open');
  streams[0]?.answer(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake`);
  expect((await client.answer()).body).toBe('ok');

  expect((await client.ask(get('/2'))).body).toBe('app GET /2');
  expect(client.text).toBe('');
});

it('lets the next request use a new stream when the holder closed the idle one', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop((stream) => {
    stream.accept();
    streams.push(stream);
    stream.onReceived = () => stream.answer(ok);
  });
  using client = await made.connect();
  await client.ask(get('/1', ada));

  streams[0]?.push(null);
  await until(() => streams[0]?.hasEnded ?? false, 'the stream was closed');

  expect((await client.ask(get('/2', ada))).body).toBe('ok');
  expect(streams).toHaveLength(2);
});

it('opens a new stream rather than use one that was idle for long: its server may be closing it', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(
    (stream) => {
      stream.accept();
      streams.push(stream);
      stream.onReceived = () => stream.answer(ok);
    },
    { isManual: true },
  );
  using client = await made.connect();
  await client.ask(get('/1', ada));
  await client.ask(get('/2', ada));
  expect(streams).toHaveLength(1);

  await made.clock.advance(3000);
  await client.ask(get('/3', ada));

  expect(streams).toHaveLength(2);
  expect(streams[0]?.hasEnded).toBe(true);
});

it('cuts an upgraded connection when its holder is lost', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/ws', ada, 'Connection: Upgrade', 'Upgrade: websocket'));
  await until(() => streams.length === 1, 'the stream is open');
  streams[0]?.answer('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  await client.answer();

  made.diverter.die();

  expect(await client.ended()).toBe('reset');
});

it('resets the stream when the client goes away in the midst of an answer', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/1', ada));
  await until(() => streams.length === 1, 'the stream is open');
  streams[0]?.answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
  await client.takeUntil('half');

  client.socket.resetAndDestroy();

  await until(() => streams[0]?.destroyed === true && !streams[0].hasEnded, 'the stream was cut');
  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it('survives a client that dies while an intercept that ended still answers (case 4)', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/1', ada));
  await until(() => streams.length === 1, 'the stream is open');
  streams[0]?.answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
  await client.takeUntil('half');

  await made.port.apply(nothing);
  client.socket.resetAndDestroy();

  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it('answers a half-closed client before it closes', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await shop(taking(streams));
  using client = await made.connect();
  client.send(get('/1', ada)).socket.end();
  await until(() => streams[0]?.hasEnded ?? false, 'the half-close arrived');

  streams[0]?.answer(ok);

  expect((await client.answer()).body).toBe('ok');
  expect(await client.ended()).toBe('ended');
});

it('answers all of a mixed pipeline whose sender has half-closed', async () => {
  await using dev = await HttpParty.start('dev');
  await using made = await shop(dev.port);
  using client = await made.connect();

  client.send(get('/1', ada) + get('/2') + get('/3', ada)).socket.end();

  const bodies: string[] = [];
  for (let turn = 0; turn < 3; turn += 1) bodies.push((await client.answer()).body);
  expect(bodies).toEqual(['dev GET /1', 'app GET /2', 'dev GET /3']);
  expect(await client.ended()).toBe('ended');
});
