import { expect, it } from 'vitest';
import { HttpParty, RawParty } from '../testing/http-party.ts';
import type { Holder, ScriptedStream } from '../testing/memory-diverter.ts';
import { exclusive, nothing, type ProxiedOptions, proxied, untilFirstBytes } from '../testing/proxied.ts';
import { get } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';

/** A port whose connections all go to a holder, in front of an app that echoes in capitals. */
async function diverted(holder: Holder, options: ProxiedOptions = {}) {
  const app = await RawParty.start((socket) => {
    socket.on('data', (bytes) => socket.write(bytes.toString('latin1').toUpperCase()));
    socket.on('end', () => socket.end());
  });
  const made = await proxied(app.port, { routes: exclusive('mine'), ...options });
  made.diverter.holders.set('mine', holder);
  return {
    ...made,
    app,
    async [Symbol.asyncDispose]() {
      for (const part of [made, app]) await part[Symbol.asyncDispose]();
    },
  };
}

it('opens the stream with the first bytes, and passes on all others', async () => {
  const streams: ScriptedStream[] = [];
  const holder = (stream: ScriptedStream): void => {
    stream.accept();
    streams.push(stream);
  };
  await using made = await diverted(holder, { limits: untilFirstBytes });
  using client = await made.connect();

  client.send('first ');
  await until(() => streams.length === 1, 'the stream is open');
  client.send('second');
  await until(() => streams[0]?.text === 'first second', 'the holder has all');
  streams[0]?.answer('answer');

  expect(await client.take(6)).toBe('answer');
  expect(made.diverter.opened[0]).toMatchObject({
    intercept: 'mine',
    firstBytes: 'first ',
    origin: { protocol: 'tcp' },
  });
});

it('opens the stream without waiting for the client when the holder speaks first', async () => {
  await using made = await diverted((stream) => {
    stream.accept();
    stream.answer('220 hello');
  });
  using client = await made.connect();

  expect(await client.take(9)).toBe('220 hello');
});

it('passes half-closes on, both ways', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => {
    stream.accept();
    streams.push(stream);
  });
  using client = await made.connect();

  client.send('question').socket.end();
  await until(() => streams[0]?.hasEnded ?? false, 'the half-close arrived');
  streams[0]?.answer('answer');
  streams[0]?.push(null);

  expect(await client.take(6)).toBe('answer');
  expect(await client.ended()).toBe('ended');
  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it('passes a reset of the client on (case 19)', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => {
    stream.accept();
    stream.on('error', () => {});
    streams.push(stream);
  });
  using client = await made.connect();
  client.send('x');
  await until(() => streams.length === 1, 'the stream is open');

  client.socket.resetAndDestroy();

  await until(() => streams[0]?.destroyed === true && !streams[0].hasEnded, 'the stream was cut');
  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it('passes a reset of the holder on (case 19)', async () => {
  await using made = await diverted((stream) => {
    stream.accept();
    stream.onReceived = () => setImmediate(() => stream.destroy(new Error('reset')));
  });
  using client = await made.connect();

  client.send('x');

  expect(await client.ended()).toBe('reset');
  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it.each<[string, Holder]>([
  ['there is no tunnel', undefined],
  ['the holder refuses', (stream) => stream.refuse()],
  ['the holder refuses later', (stream) => setTimeout(() => stream.refuse(), 20)],
  ['nobody listens there', 1],
])('lets the app answer when %s', async (_why, holder) => {
  await using made = await diverted(holder);
  using client = await made.connect();

  client.send('one ');
  await new Promise((resolve) => setImmediate(resolve));
  client.send('two');

  expect(await client.take(7)).toBe('ONE TWO');
  expect(made.port.stats().fellBack).toBe(1);
});

it('lets the app answer when nobody takes the stream in time', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => streams.push(stream), { isManual: true });
  using client = await made.connect();
  client.send('hello');
  await until(() => streams[0]?.text === 'hello', 'the holder has the bytes');

  await made.clock.advance(5000);

  expect(await client.take(5)).toBe('HELLO');
  expect(streams[0]?.destroyed).toBe(true);
});

it('passes a half-close on to the app that takes over', async () => {
  await using made = await diverted((stream) => setTimeout(() => stream.refuse(), 20));
  using client = await made.connect();

  client.send('bye').socket.end();

  expect(await client.take(3)).toBe('BYE');
  expect(await client.ended()).toBe('ended');
});

it('keeps what was sent for the app, and reads no more than that, until the stream is taken', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => streams.push(stream));
  using client = await made.connect();
  const flood = 'x'.repeat(5 << 20);
  client.send(flood);
  let last = -1;
  await until(async () => {
    const isStill = made.port.stats().bytesIn === last;
    last = made.port.stats().bytesIn;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return isStill && last > 0;
  }, 'the proxy reads no more');

  expect(last).toBeLessThanOrEqual(2 * 65_536);
  streams[0]?.refuse();

  expect(await client.take(flood.length)).toBe(flood.toUpperCase());
});

it('cuts the client when the tunnel dies after the stream was taken: the bytes may have been acted upon', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => {
    stream.accept();
    streams.push(stream);
  });
  using client = await made.connect();
  client.send('order');
  await until(() => streams[0]?.text === 'order', 'the holder has the bytes');

  made.diverter.die();

  expect(await client.ended()).toBe('reset');
  expect(made.app.sockets).toEqual([]);
});

it('leaves probes of the kubelet to the app', async () => {
  await using app = await HttpParty.start('app');
  await using dev = await HttpParty.start('dev');
  await using made = await proxied(app.port, { routes: exclusive('mine'), limits: untilFirstBytes });
  made.diverter.holders.set('mine', dev.port);
  using probe = await made.connect();
  using client = await made.connect();

  expect((await probe.ask(get('/healthz', 'User-Agent: kube-probe/1.30'))).body).toBe('app GET /healthz');
  expect((await client.ask(get('/1'))).body).toBe('dev GET /1');
  expect(dev.urls).toEqual(['/1']);
});

it('decides a connection by the routes of the moment when its first bytes come', async () => {
  await using made = await diverted((stream) => stream.accept(), { isManual: true });
  using client = await made.connect();
  await until(() => made.port.stats().open === 1, 'the connection is there');

  await made.port.apply(nothing);
  client.send('hello');

  expect(await client.take(5)).toBe('HELLO');
  expect(made.diverter.opened).toEqual([]);
});

it('stops reading the holder while the client does not read', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => {
    stream.accept();
    streams.push(stream);
  });
  using client = await made.connect();
  client.socket.pause();
  client.send('go');
  await until(() => streams.length === 1, 'the stream is open');

  for (let count = 0; count < 400; count += 1) streams[0]?.answer(Buffer.alloc(65_536));

  await until(() => streams[0]?.isPaused() === true, 'the stream is not read');
  client.socket.resume();
  await client.take(400 * 65_536);
});

it('reads no more of an upload than a slow holder takes (case 21)', async () => {
  const streams: ScriptedStream[] = [];
  await using made = await diverted((stream) => {
    stream.accept();
    stream.isReading = false;
    streams.push(stream);
  });
  using client = await made.connect();
  const upload = Buffer.alloc(20 << 20, 'x');
  client.send(upload);
  let last = -1;
  await until(async () => {
    const isStill = made.port.stats().bytesIn === last;
    last = made.port.stats().bytesIn;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return isStill && last > 0;
  }, 'the proxy reads no more');

  expect(last).toBeLessThan(1 << 20);
  for (const stream of streams) stream.isReading = true;
  await until(() => made.port.stats().bytesIn === upload.length, 'the proxy has read all');
  await until(() => streams[0]?.received.length === upload.length, 'the holder has all');
});
