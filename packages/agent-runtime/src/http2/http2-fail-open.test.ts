import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { expect, it } from 'vitest';
import { HttpParty } from '../testing/http-party.ts';
import { answerOf, Http2Client, Http2Party, type StreamHandler } from '../testing/http2-party.ts';
import type { ScriptedStream } from '../testing/memory-diverter.ts';
import { personal, proxied } from '../testing/proxied.ts';
import { RawClient } from '../testing/raw-client.ts';
import { http2Shop } from '../testing/shop.ts';
import { until } from '../testing/until.ts';

const ada = { 'x-user': 'ada' };
const large = Buffer.alloc(300_000, 'b');

it('gives a stream that the holder refused to the app, whole, whatever its method', async () => {
  await using made = await http2Shop({
    dev: (stream) => {
      stream.close(7);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);

  const got = await client.ask('/a', ada);
  const posted = await client.ask('/b', ada, 'a body');

  expect([got, posted].map(({ body }) => String(body))).toEqual(['app /a 0', 'app /b 6']);
  expect(made.port.stats()).toMatchObject({ diverted: 2, fellBack: 2 });
});

it('gives all streams to the app when nobody takes the tunnel, in the order of their numbers or not', async () => {
  await using made = await http2Shop();
  made.diverter.holders.set('mine', (stream: ScriptedStream) =>
    setImmediate(() => stream.destroy(new Error('refused'))),
  );
  using client = new Http2Client(made.port.port);

  const answers = await Promise.all([
    client.ask('/a', ada),
    client.ask('/b'),
    client.ask('/c', ada, 'abc'),
    client.ask('/d', {}, 'de'),
  ]);

  expect(answers.map(({ body }) => String(body))).toEqual(['app /a 0', 'app /b 0', 'app /c 3', 'app /d 2']);
});

it('gives streams to the app when what answers at the other end does not speak HTTP/2', async () => {
  await using made = await http2Shop();
  await using http1 = await HttpParty.start('http1');
  made.diverter.holders.set('mine', http1.port);
  using client = new Http2Client(made.port.port);

  const answer = await client.ask('/a', ada, 'abc');

  expect(String(answer.body)).toBe('app /a 3');
});

it('asks the app instead of a holder that was lost after it took a request that may be repeated', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream) => {
      taken.push(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);
  const asked = client.ask('/a', ada);
  await until(() => taken.length === 1, 'the request is with the developer');

  made.dev.cut();

  expect(String((await asked).body)).toBe('app /a 0');
});

it('answers 502 where somebody may have acted upon the request, and UNAVAILABLE to gRPC', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream) => {
      taken.push(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);
  const plain = client.ask('/a', ada, 'abc');
  const grpc = client.ask('/b', { ...ada, 'content-type': 'application/grpc' }, 'abc');
  await until(() => taken.length === 2, 'the requests are with the developer');

  made.dev.cut();
  const [told, trailersOnly] = await Promise.all([plain, grpc]);

  expect(told.headers[':status']).toBe(502);
  expect(String(told.body)).toContain('intercept mine');
  expect(trailersOnly.headers).toMatchObject({ ':status': 200, 'grpc-status': '14' });
  expect(made.app.seen).toEqual([]);
});

it('breaks an answer off that was begun, and only that', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('begun');
      taken.push(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);
  const stream = client.begin('/a', ada);
  const answer = answerOf(stream);
  await once(stream, 'data');

  made.dev.cut();

  expect((await answer).code).toBe(2);
  expect(String((await client.ask('/b')).body)).toBe('app /b 0');
});

it('moves streams on that a leaving holder has not looked at', async () => {
  await using made = await http2Shop();
  using client = new Http2Client(made.port.port);
  await client.ask('/a', ada);

  for (const session of made.dev.sessions) session.goaway(0, 1);
  const answers = await Promise.all([client.ask('/b', ada), client.ask('/c', ada, 'abc')]);

  expect(answers.map(({ body }) => String(body))).toEqual(['dev /b 0', 'dev /c 3']);
  expect(made.port.stats().fellBack).toBe(0);
});

it('opens as many connections as the holder needs to take all streams at once', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream) => {
      taken.push(stream);
      return true;
    },
    settings: { maxConcurrentStreams: 3 },
  });
  using client = new Http2Client(made.port.port);

  const asked = Array.from({ length: 10 }, (_, at) => client.ask(`/${at}`, ada));
  await until(() => taken.length === 10, 'all streams are with the developer');
  for (const stream of taken) {
    stream.respond({ ':status': 200 });
    stream.end('dev');
  }

  expect((await Promise.all(asked)).every(({ body }) => String(body) === 'dev')).toBe(true);
  expect(made.diverter.opened.length).toBeGreaterThan(3);
  expect(made.port.stats().fellBack).toBe(0);
});

it('resets reach the other end in both directions, with their reasons (case 19)', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream, headers) => {
      if (headers[':path'] === '/broken') stream.close(11);
      else taken.push(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);

  const broken = await client.ask('/broken', ada);
  const left = client.begin('/left', ada);
  await until(() => taken.length === 1, 'the request is with the developer');
  left.close(8);

  expect(broken.code).toBe(11);
  await until(() => made.dev.resets.includes(8), 'the developer heard of it');
  expect(String((await client.ask('/after')).body)).toBe('app /after 0');
  client[Symbol.dispose]();
  await until(() => made.port.stats().open === 0 && made.diverter.open === 0, 'nothing is left');
});

it('passes an answer on that comes before the request has ended, and lets the client stop', async () => {
  await using made = await http2Shop({
    dev: (stream) => {
      stream.respond({ ':status': 413 }, { endStream: false });
      stream.end('too large');
      stream.close(0);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);
  const stream = client.begin('/up', { ...ada, ':method': 'POST' }, false);
  const answer = answerOf(stream);
  stream.write(large.subarray(0, 1000));

  const got = await answer;

  expect([got.headers[':status'], String(got.body)]).toEqual([413, 'too large']);
  expect(String((await client.ask('/next')).body)).toBe('app /next 0');
});

it('large bodies go through in both directions at once, to both sides', async () => {
  await using made = await http2Shop({
    dev: (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);

  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => client.ask(`/${at}`, at % 2 === 0 ? ada : {}, large)),
  );

  answers.forEach(({ body }, at) => {
    if (at % 2 === 0) expect(body.equals(large)).toBe(true);
    else expect(String(body)).toBe(`app /${at} 300000`);
  });
});

it('large answers of both sides share the window of the client, and arrive whole', async () => {
  const answering =
    (name: string): StreamHandler =>
    (stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(700_000, `${name} ${headers[':path']} `));
      return true;
    };
  await using app = await Http2Party.start('app', answering('app'));
  await using dev = await Http2Party.start('dev', answering('dev'));
  await using made = await proxied(app.port, { routes: personal('mine', 'ada') });
  made.diverter.holders.set('mine', dev.port);
  using client = new Http2Client(made.port.port);

  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => client.ask(`/${at}`, at % 2 ? ada : {})));

  answers.forEach(({ body }, at) => {
    expect(body.equals(Buffer.alloc(700_000, `${at % 2 ? 'dev' : 'app'} /${at} `))).toBe(true);
  });
});

it("never diverts the kubelet's probes", async () => {
  await using made = await http2Shop();
  const routes = {
    intercepts: [{ id: 'mine', match: {}, toggle: 'drain' as const, includeProbes: false }],
    wiretaps: [],
  };
  await made.port.apply(routes);
  using client = new Http2Client(made.port.port);

  const probe = await client.ask('/grpc.health.v1.Health/Check', { 'user-agent': 'kube-probe/1.31' });
  const other = await client.ask('/a');

  expect([probe, other].map(({ body }) => String(body))).toEqual(['app /grpc.health.v1.Health/Check 0', 'dev /a 0']);
});

it('lets streams end after their intercept has ended, and cuts them when it says so', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream) => {
      taken.push(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);
  const drained = client.ask('/a', ada);
  await until(() => taken.length === 1, 'the request is with the developer');
  await made.port.apply({ intercepts: [], wiretaps: [] });
  taken[0]?.respond({ ':status': 200 });
  taken[0]?.end('late');
  expect(String((await drained).body)).toBe('late');
  await until(() => made.dev.sessions.size === 0, 'nothing leads to the developer any more');

  await made.port.apply(personal('mine', 'ada', 'cut'));
  using second = new Http2Client(made.port.port);
  const cut = second.ask('/b', ada);
  await until(() => taken.length === 2, 'the request is with the developer');
  await made.port.apply({ intercepts: [], wiretaps: [] });

  expect((await cut).code).not.toBe(0);
});

it('lets what is under way end when the port is closed, and says so before', async () => {
  const taken: ServerHttp2Stream[] = [];
  await using made = await http2Shop({
    dev: (stream) => {
      taken.push(stream);
      return true;
    },
  });
  using client = new Http2Client(made.port.port);
  const asked = client.ask('/a', ada);
  await until(() => taken.length === 1, 'the request is with the developer');

  const drained = made.port.drain(5000);
  await until(() => client.goAway !== undefined, 'the client was told');
  taken[0]?.respond({ ':status': 200 });
  taken[0]?.end('late');

  expect(String((await asked).body)).toBe('late');
  await drained;
  expect(client.goAway?.code).toBe(0);
});

it('goes on as HTTP/1 when what began like the preface of HTTP/2 turns out to be a request', async () => {
  await using app = await HttpParty.start('app');
  await using made = await proxied(app.port, { routes: personal('mine', 'ada') });
  using client = await RawClient.connect(made.port.port);

  await client.drip('PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n');

  expect((await client.answer()).body).toBe('app PROPFIND /');
});
