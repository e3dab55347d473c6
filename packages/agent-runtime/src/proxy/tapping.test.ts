import { type PortRoutes, TapFrameDecoder } from '@fairlead/core';
import { expect, it } from 'vitest';
import { HttpParty, RawParty } from '../testing/http-party.ts';
import type { ScriptedStream } from '../testing/memory-diverter.ts';
import { exclusive, nothing, personal, proxied, untilFirstBytes } from '../testing/proxied.ts';
import { get, post } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';

const ada = 'X-User: ada';

/** A wiretap of everything. */
const ear: PortRoutes = { intercepts: [], wiretaps: [{ id: 'ear' }] };
/** A wiretap of ada's requests. */
const adasEar: PortRoutes = { intercepts: [], wiretaps: [{ id: 'ear', match: { headers: { 'x-user': 'ada' } } }] };

/** What a tap stream carried. */
function copied(stream: ScriptedStream | undefined) {
  const heard = { request: '', response: '', dropped: 0 };
  for (const frame of new TapFrameDecoder().decode(stream?.received ?? Buffer.alloc(0))) {
    if ('servedBy' in frame) continue;
    if ('dropped' in frame) heard.dropped += frame.dropped;
    else heard[frame.direction] += Buffer.from(frame.bytes).toString('latin1');
  }
  return heard;
}

/** Who gave the answers, in turn with the answers. */
function served(stream: ScriptedStream | undefined): readonly string[] {
  const frames = new TapFrameDecoder().decode(stream?.received ?? Buffer.alloc(0));
  return frames.flatMap((frame) => {
    if ('servedBy' in frame) return [`by ${frame.servedBy}`];
    return frame.direction === 'response' ? ['answer'] : [];
  });
}

it('copies both directions of everything, and changes nothing', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { routes: ear });
  using client = await made.connect();
  const requests = [get('/1'), post('/2', 'body'), get('/3', ada)];

  let answers = '';
  for (const request of requests) {
    const { head, body } = await client.ask(request);
    answers += head + body;
  }

  const [stream] = made.diverter.taps.get('ear') ?? [];
  await until(() => copied(stream).response === answers, 'the answers were copied');
  expect(copied(stream)).toEqual({ request: requests.join(''), response: answers, dropped: 0 });
  expect(made.diverter.taps.get('ear')).toHaveLength(1);
});

it('copies whole exchanges of the requests that match, and no others', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { routes: adasEar });
  using client = await made.connect();
  const mine = [post('/1', 'mine', ada), get('/3', ada)];

  client.send(mine[0] + get('/2') + mine[1] + get('/4'));
  const answers: string[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const { head, body } = await client.answer();
    answers.push(head + body);
  }

  const [stream] = made.diverter.taps.get('ear') ?? [];
  expect(copied(stream)).toEqual({ request: mine.join(''), response: `${answers[0]}${answers[2]}`, dropped: 0 });
});

it('copies what an intercept diverts as well', async () => {
  await using app = await HttpParty.start('app');
  await using dev = await HttpParty.start('dev');
  const routes = { ...personal('mine', 'ada'), wiretaps: ear.wiretaps };
  await using made = await proxied(app.port, { routes });
  made.diverter.holders.set('mine', dev.port);
  using client = await made.connect();

  expect((await client.ask(get('/1', ada))).body).toBe('dev GET /1');
  expect((await client.ask(get('/2'))).body).toBe('app GET /2');

  const [stream] = made.diverter.taps.get('ear') ?? [];
  expect(copied(stream).request).toBe(get('/1', ada) + get('/2'));
  expect(copied(stream).response).toMatch(/dev GET \/1.*app GET \/2/s);
  expect(served(stream)).toEqual(['by mine', 'answer', 'answer']);
});

it('copies a connection that an exclusive intercept takes', async () => {
  await using app = await HttpParty.start('app');
  await using dev = await HttpParty.start('dev');
  const routes = { ...exclusive('mine'), wiretaps: adasEar.wiretaps };
  await using made = await proxied(app.port, { routes, limits: untilFirstBytes });
  made.diverter.holders.set('mine', dev.port);
  using hers = await made.connect();
  await hers.ask(get('/1', ada));
  using other = await made.connect();
  await other.ask(get('/2'));

  const streams = made.diverter.taps.get('ear') ?? [];
  expect(streams).toHaveLength(1);
  expect(copied(streams[0])).toMatchObject({ request: get('/1', ada), dropped: 0 });
  expect(copied(streams[0]).response).toContain('dev GET /1');
});

it.each([
  ['the client', true],
  ['the app', false],
])('copies a connection that is not HTTP, where %s speaks first', async (_who, isClientFirst) => {
  await using app = await RawParty.start((socket) => {
    if (!isClientFirst) socket.write('\x01hello');
    socket.on('data', (bytes) => socket.write(bytes));
  });
  await using made = await proxied(app.port, { routes: ear });
  using client = await made.connect();
  if (!isClientFirst) await client.take(6);

  client.send('\x00abc');
  await client.take(4);

  const [stream] = made.diverter.taps.get('ear') ?? [];
  const greeting = isClientFirst ? '' : '\x01hello';
  expect(copied(stream)).toEqual({ request: '\x00abc', response: `${greeting}\x00abc`, dropped: 0 });
});

it('copies an upgraded connection on', async () => {
  await using app = await RawParty.start((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\nhello');
      socket.on('data', (bytes) => socket.write(bytes));
    });
  });
  await using made = await proxied(app.port, { routes: ear });
  using client = await made.connect();
  const upgrade = get('/ws', 'Connection: Upgrade', 'Upgrade: websocket');
  client.send(upgrade);
  await client.takeUntil('hello');

  client.send('ping');
  await client.take(4);

  const [stream] = made.diverter.taps.get('ear') ?? [];
  expect(copied(stream)).toEqual({
    request: `${upgrade}ping`,
    response: 'HTTP/1.1 101 Switching Protocols\r\n\r\nhelloping',
    dropped: 0,
  });
});

it('begins with the next request of a connection that was open before, and ends with the wiretap', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port);
  using client = await made.connect();
  await client.ask(get('/1'));

  await made.port.apply(ear);
  await client.ask(get('/2'));
  await made.port.apply(nothing);
  await client.ask(get('/3'));

  const [stream] = made.diverter.taps.get('ear') ?? [];
  await until(() => stream?.hasEnded ?? false, 'the copy has ended');
  expect(copied(stream).request).toBe(get('/2'));
});

it('drops what a slow reader does not take, counts it, and never slows the traffic down', async () => {
  const bulk = 'x'.repeat(2 << 20);
  await using app = await HttpParty.start('app', ({ url }, response) => {
    response.end(url === '/bulk' ? bulk : 'small');
    return true;
  });
  await using made = await proxied(app.port, { routes: ear });
  made.diverter.onTap = (stream) => {
    stream.accept();
    stream.isReading = false;
  };
  using client = await made.connect();

  expect((await client.ask(get('/bulk'))).body).toHaveLength(bulk.length);
  const [stream] = made.diverter.taps.get('ear') ?? [];
  const { tapDropped } = made.port.stats();
  expect(tapDropped).toBeGreaterThan(1 << 20);
  expect(stream?.writableLength).toBeLessThanOrEqual(262_144 + 64);

  if (stream) stream.isReading = true;
  await until(() => stream?.writableLength === 0, 'the reader has caught up');
  expect((await client.ask(get('/small'))).body).toBe('small');

  await until(() => copied(stream).response.endsWith('small'), 'copies come again');
  expect(copied(stream).dropped).toBe(tapDropped);
  expect(copied(stream).request).toBe(get('/bulk') + get('/small'));
});

it('goes on without copies when nobody takes them', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { routes: ear });
  made.diverter.onTap = (stream) => stream.refuse();
  using client = await made.connect();

  expect((await client.ask(get('/1'))).body).toBe('app GET /1');
  expect((await client.ask(get('/2'))).body).toBe('app GET /2');
});

it('ends the copy with the connection', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { routes: ear });
  using client = await made.connect();
  await client.ask(get('/1'));

  client.socket.end();

  await until(() => made.diverter.taps.get('ear')?.[0]?.hasEnded ?? false, 'the copy has ended');
});
