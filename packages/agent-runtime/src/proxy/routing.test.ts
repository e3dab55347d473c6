import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { HttpParty, RawParty } from '../testing/http-party.ts';
import type { ScriptedStream } from '../testing/memory-diverter.ts';
import { nothing, type ProxiedOptions, personal, proxied } from '../testing/proxied.ts';
import { chunkedPost, get, post } from '../testing/raw-client.ts';
import { until } from '../testing/until.ts';

const ada = 'X-User: ada';

/** An app, a developer's server and a port with an intercept of ada's requests between them. */
async function shop(options: ProxiedOptions = {}, parts: { app?: HttpParty; dev?: HttpParty } = {}) {
  const app = parts.app ?? (await HttpParty.start('app'));
  const dev = parts.dev ?? (await HttpParty.start('dev'));
  const made = await proxied(app.port, { routes: personal('mine', 'ada'), ...options });
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

/** A port with an intercept between a raw app and a scripted holder. */
async function rawShop(onApp: Parameters<typeof RawParty.start>[0], onHolder?: (stream: ScriptedStream) => void) {
  const app = await RawParty.start(onApp);
  const made = await proxied(app.port, { routes: personal('mine', 'ada') });
  if (onHolder) made.diverter.holders.set('mine', onHolder);
  return {
    ...made,
    app,
    async [Symbol.asyncDispose]() {
      for (const part of [made, app]) await part[Symbol.asyncDispose]();
    },
  };
}

it('gives matching and other requests of one connection each to its side, in order (case 7)', async () => {
  await using made = await shop();
  using client = await made.connect();

  const bodies: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    bodies.push((await client.ask(get(`/${turn}`, ...(turn % 2 ? [ada] : [])))).body);
  }

  expect(bodies).toEqual(['app GET /0', 'dev GET /1', 'app GET /2', 'dev GET /3', 'app GET /4', 'dev GET /5']);
  expect(made.dev.urls).toEqual(['/1', '/3', '/5']);
});

it('answers a pipeline of mixed requests in order', async () => {
  await using made = await shop();
  using client = await made.connect();

  client.send(get('/1') + get('/2', ada) + get('/3', ada) + get('/4') + get('/5', ada) + get('/6'));
  const bodies: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) bodies.push((await client.answer()).body);

  expect(bodies).toEqual(['app GET /1', 'dev GET /2', 'dev GET /3', 'app GET /4', 'dev GET /5', 'app GET /6']);
});

it('routes requests that arrive byte by byte', async () => {
  await using made = await shop();
  using client = await made.connect();

  await client.drip(post('/a', 'body a', ada) + chunkedPost('/b', ['bo', 'dy b']) + get('/c', ada));

  expect((await client.answer()).body).toBe('dev POST /a body a');
  expect((await client.answer()).body).toBe('app POST /b body b');
  expect((await client.answer()).body).toBe('dev GET /c');
});

it('does not take a request inside a body of known length for one', async () => {
  await using made = await shop();
  using client = await made.connect();
  const inner = get('/inner', ada);

  client.send(post('/outer', inner)).send(get('/next', ada));

  expect((await client.answer()).body).toBe(`app POST /outer ${inner}`.trim());
  expect((await client.answer()).body).toBe('dev GET /next');
  expect(made.dev.urls).toEqual(['/next']);
});

it('does not take a request inside a chunked body for one', async () => {
  await using made = await shop();
  using client = await made.connect();
  const inner = get('/inner', ada);

  client.send(chunkedPost('/outer', [inner, inner])).send(get('/next', ada));

  expect((await client.answer()).body).toBe(`app POST /outer ${inner}${inner}`.trim());
  expect((await client.answer()).body).toBe('dev GET /next');
  expect(made.dev.urls).toEqual(['/next']);
});

it('switches sides after a chunked answer with trailers (case 22)', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n';
  await using made = await rawShop(
    (socket) => socket.on('data', () => socket.write(chunked)),
    (stream) => {
      stream.accept();
      stream.onReceived = () => stream.answer(chunked.replace('abc', 'dev'));
    },
  );
  using client = await made.connect();

  client.send(get('/1') + get('/2', ada) + get('/3'));

  const answers = [chunked, chunked.replace('abc', 'dev'), chunked].join('');
  await until(() => client.text.length >= answers.length, 'all answers are there');
  expect(client.text).toBe(answers);
});

it.each([
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
  ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n'],
  ['GET', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
])('switches sides after an answer to %s without body: %j (case 22)', async (method, answer) => {
  await using made = await rawShop((socket) => socket.on('data', () => socket.write(answer)));
  await using dev = await HttpParty.start('dev');
  made.diverter.holders.set('mine', dev.port);
  using client = await made.connect();

  client.send(get('/1').replace('GET', method) + get('/2', ada));

  expect(await client.takeUntil(answer)).toBe(answer);
  expect((await client.answer()).body).toBe('dev GET /2');

  await using other = await shop();
  other.diverter.holders.set('mine', made.app.port);
  using back = await other.connect();

  back.send(get('/1', ada).replace('GET', method) + get('/2'));

  expect(await back.takeUntil(answer)).toBe(answer);
  expect((await back.answer()).body).toBe('app GET /2');
});

it.each([
  ['app', []],
  ['dev', ['-H', ada]],
])('lets 100-continue and its body through to the %s (case 22)', async (side, extra) => {
  await using made = await shop();
  const body = 'x'.repeat(3000);
  const flags = ['-sS', '-i', '--max-time', '5', '-H', 'Expect: 100-continue', ...extra, '--data-binary', body];

  const { stdout } = await promisify(execFile)('curl', [...flags, `http://127.0.0.1:${made.port.port}/up`]);

  expect(stdout).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  expect(stdout).toContain(`${side} POST /up ${body}`);
});

it.each([
  ['app', []],
  ['dev', [ada]],
])('bridges the connection from a 101 of the %s on (case 13)', async (side, headers) => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello';
  await using made = await rawShop(
    (socket) => {
      socket.once('data', () => {
        socket.write(switching);
        socket.on('data', (bytes) => socket.write(`app heard ${bytes.toString()}`));
      });
    },
    (stream) => {
      stream.accept();
      stream.onReceived = (first) => {
        stream.answer(switching);
        stream.onReceived = (all) => stream.answer(`dev heard ${all.slice(first.length)}`);
      };
    },
  );
  using client = await made.connect();

  client.send(get('/ws', 'Connection: Upgrade', 'Upgrade: websocket', ...headers));
  expect(await client.takeUntil('hello')).toContain('101 Switching');
  client.send(get('/not-a-request', ada));

  expect(await client.takeUntil('not-a-request')).toContain(`${side} heard GET`);
});

it('stays with HTTP when an upgrade is refused', async () => {
  await using made = await shop();
  using client = await made.connect();
  const offer = ['Connection: Upgrade', 'Upgrade: websocket'];

  expect((await client.ask(get('/1', ...offer))).body).toBe('app GET /1');
  expect((await client.ask(get('/2', ...offer, ada))).body).toBe('dev GET /2');
  client.send(get('/3', ...offer, ada) + get('/4'));

  expect((await client.answer()).body).toBe('dev GET /3');
  expect((await client.answer()).body).toBe('app GET /4');
});

it('bridges the connection after a CONNECT that was granted, and only then', async () => {
  const answers = ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 200 Connected\r\n\r\n'];
  await using made = await rawShop((socket) => {
    socket.on('data', (bytes) => socket.write(answers.shift() ?? `heard ${bytes.toString()}`));
  });
  await using dev = await HttpParty.start('dev');
  made.diverter.holders.set('mine', dev.port);
  using client = await made.connect();
  const connect = 'CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n';

  expect((await client.ask(connect)).status).toBe(403);
  expect((await client.ask(get('/1', ada))).body).toBe('dev GET /1');
  client.send(connect);
  await client.takeUntil('Connected\r\n\r\n');
  client.send(get('/2', ada));

  expect(await client.takeUntil('/2 HTTP')).toContain('heard GET /2');
  expect(dev.urls).toEqual(['/1']);
});

it('takes the offer of h2c away while matches are active, so that later requests can be told apart', async () => {
  await using made = await shop();
  using client = await made.connect();
  const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQ', 'X-Odd: a'];

  expect((await client.ask(get('/1', ...offer))).body).toBe('app GET /1');
  expect((await client.ask(get('/2', ...offer, ada))).body).toBe('dev GET /2');

  expect(made.app.seen[0]?.rawHeaders).toEqual(['Host', 'shop', 'X-Odd', 'a']);
  expect(made.dev.seen[0]?.rawHeaders).toEqual(['Host', 'shop', 'X-Odd', 'a', 'X-User', 'ada']);
});

const unclear: [string, string][] = [
  [
    'length and chunks',
    'POST /x HTTP/1.1\r\nHost: s\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST /x HTTP/1.1\r\nHost: s\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
  ['a coding that is not chunked', 'POST /x HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: xchunked\r\n\r\nabc'],
  ['a length that is no number', 'POST /x HTTP/1.1\r\nHost: s\r\nContent-Length: +3\r\n\r\nabc'],
  ['a space before the colon', 'GET /x HTTP/1.1\r\nHost : s\r\n\r\n'],
  ['a folded line', 'GET /x HTTP/1.1\r\nHost: s\r\nX-A: b\r\n c\r\n\r\n'],
  ['a bare line feed', 'GET /x HTTP/1.1\r\nHost: s\nX-A: b\r\n\r\n'],
  ['a header without a name', 'GET /x HTTP/1.1\r\n: s\r\n\r\n'],
  ['a broken chunk', 'POST /x HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
];

it.each(unclear)('gives a request with %s to the app as it is, and all that follows', async (_what, request) => {
  let seen = '';
  await using made = await rawShop((socket) => socket.on('data', (bytes) => (seen += bytes.toString('latin1'))));
  await using dev = await HttpParty.start('dev');
  made.diverter.holders.set('mine', dev.port);
  using client = await made.connect();
  const sent = request + get('/smuggled', ada);

  client.send(sent);

  await until(() => seen.length === sent.length, 'the app has everything');
  expect(seen).toBe(sent);
  expect(dev.urls).toEqual([]);
});

it.each(unclear)('refuses a request with %s behind a diverted one', async (_what, request) => {
  await using made = await shop();
  using client = await made.connect();
  expect((await client.ask(get('/1', ada))).body).toBe('dev GET /1');

  const mine = request.includes('chunked\r\n\r\nzz') ? request.replace('Host: s', `Host: s\r\n${ada}`) : request;
  client.send(mine + get('/smuggled', ada));

  expect((await client.answer()).status).toBe(400);
  expect(await client.ended()).not.toBe('open');
  expect(made.app.urls).toEqual([]);
  expect(made.dev.urls).not.toContain('/smuggled');
});

it('does not take a value that only begins like the wanted one', async () => {
  await using made = await shop();
  using client = await made.connect();

  expect((await client.ask(get('/1', 'X-User: adam'))).body).toBe('app GET /1');
  expect((await client.ask(get('/2', 'X-User: ada, bob'))).body).toBe('app GET /2');
  expect((await client.ask(get('/3', 'XX-User: ada'))).body).toBe('app GET /3');
});

it.each([
  ['app', ''],
  ['dev', `${ada}\r\n`],
])('lets HTTP/1.0 end with its connection at the %s', async (side, header) => {
  await using made = await shop();
  using client = await made.connect();

  const answer = await client.ask(`GET /old HTTP/1.0\r\n${header}\r\n`);

  expect(answer.body).toBe(`${side} GET /old`);
  expect(await client.ended()).toBe('ended');
});

it.each([
  ['app', []],
  ['dev', [ada]],
])('ends the connection after "connection: close" at the %s', async (side, headers) => {
  await using made = await shop();
  using client = await made.connect();

  const answer = await client.ask(get('/last', 'Connection: close', ...headers));

  expect(answer.body).toBe(`${side} GET /last`);
  expect(await client.ended()).toBe('ended');
});

it.each([
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00'],
  ['a line of another protocol', 'EHLO example.org\r\n'],
  ['octets', '\x00\xff\x80\r\n\r\n'],
])('hands %s to the app, every byte unchanged (case 9)', async (_what, bytes) => {
  await using made = await rawShop((socket) => socket.on('data', (got) => socket.write(got)));
  using client = await made.connect();

  client.send(bytes);
  expect(await client.take(bytes.length)).toBe(bytes);
  client.send(get('/later', ada));
  expect(await client.take(get('/later', ada).length)).toBe(get('/later', ada));
});

it('connects a silent client to the app after the sniff time, so that a server may speak first (case 10)', async () => {
  const app = await RawParty.start((socket) => socket.write('220 hello\r\n'));
  await using made = await proxied(app.port, { routes: personal('mine', 'ada'), isManual: true });
  using client = await made.connect();
  await until(() => made.port.stats().open === 1, 'the connection is there');
  expect(app.sockets).toHaveLength(0);

  await made.clock.advance(2000);

  expect(await client.takeUntil('\r\n')).toBe('220 hello\r\n');
  await app[Symbol.asyncDispose]();
});

it('still matches the first request of a client that was silent for longer than the sniff time', async () => {
  await using made = await shop({ isManual: true });
  using client = await made.connect();
  await until(() => made.port.stats().open === 1, 'the connection is there');
  await made.clock.advance(2000);
  await until(() => made.app.connections === 1, 'the app is connected');

  expect((await client.ask(get('/1', ada))).body).toBe('dev GET /1');
  expect((await client.ask(get('/2'))).body).toBe('app GET /2');
});

it('hands a first request that stays incomplete to the app', async () => {
  await using made = await rawShop((socket) => socket.on('data', (got) => socket.write(got)));
  await using slow = await proxied(made.app.port, { routes: personal('mine', 'ada'), isManual: true });
  using client = await slow.connect();
  client.send('PING');
  await until(() => slow.port.stats().bytesIn === 4, 'the proxy has the bytes');

  await slow.clock.advance(2000);

  expect(await client.take(4)).toBe('PING');
});

it('ends an answer that lasts until its sender closes, on both sides', async () => {
  const answer = 'HTTP/1.1 200 OK\r\n\r\nuntil close';
  await using made = await rawShop(
    (socket) => socket.on('data', () => socket.end(answer)),
    (stream) => {
      stream.accept();
      stream.onReceived = () => {
        stream.answer(answer);
        stream.push(null);
      };
    },
  );
  for (const headers of [[], [ada]]) {
    using client = await made.connect();
    expect((await client.ask(get('/', ...headers))).body).toBe('until close');
    expect(client.fate).toBe('ended');
  }
});

it('sends the rest of a body where its head went, though the answer is complete', async () => {
  let seen = '';
  await using made = await rawShop((socket) => {
    socket.on('data', (bytes) => {
      const isFirst = seen === '';
      seen += bytes.toString('latin1');
      if (isFirst) socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    });
  });
  await using dev = await HttpParty.start('dev');
  made.diverter.holders.set('mine', dev.port);
  using client = await made.connect();
  const body = get('/inside', ada);

  client.send(post('/up', body).slice(0, -body.length));
  expect((await client.answer()).status).toBe(413);
  client.send(body);
  await until(() => seen.endsWith(body), 'the app has the body');

  expect((await client.ask(get('/next', ada))).body).toBe('dev GET /next');
  expect(dev.urls).toEqual(['/next']);
});

it('survives an app that closes its idle connection while the developer answers', async () => {
  let answer: (() => void) | undefined;
  await using dev = await HttpParty.start('dev', (_request, response) => {
    answer = () => response.end('late');
    return true;
  });
  const app = await HttpParty.start('app');
  await using made = await shop({}, { app, dev });
  using client = await made.connect();
  expect((await client.ask(get('/1'))).body).toBe('app GET /1');
  client.send(get('/2', ada));
  await until(() => answer !== undefined, 'the developer has the request');

  app.server.closeIdleConnections();
  await until(() => app.connections === 0, 'the app has closed');
  answer?.();

  expect((await client.answer()).body).toBe('late');
  expect((await client.ask(get('/3'))).body).toBe('app GET /3');
});

it('hands a head of more than 64 KiB to the app as it is', async () => {
  await using made = await rawShop((socket) => {
    let got = '';
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
      if (got === long) socket.write('all');
    });
  });
  const long = get('/', `X-Long: ${'x'.repeat(70_000)}`, ada);
  using client = await made.connect();

  client.send(long);

  expect(await client.take(3)).toBe('all');
});

it('refuses a head of more than 64 KiB behind a diverted request', async () => {
  await using made = await shop();
  using client = await made.connect();
  await client.ask(get('/1', ada));

  client.send(get('/', `X-Long: ${'x'.repeat(70_000)}`));

  expect((await client.answer()).status).toBe(431);
  expect([made.app.urls, made.dev.urls]).toEqual([[], ['/1']]);
});

it('leaves every byte of a diverted head as it was, and of its answer (case 20)', async () => {
  let received = '';
  const answer = 'HTTP/1.1 299 \xfcber\r\nsEt-cOOkie: a\r\nSet-Cookie:b\r\nX-Odd:  \xe4 \r\ncontent-LENGTH: 0\r\n\r\n';
  await using made = await rawShop(
    () => {},
    (stream) => {
      stream.accept();
      stream.onReceived = (text) => {
        received = text;
        if (text.endsWith('\r\n\r\n')) stream.answer(answer);
      };
    },
  );
  using client = await made.connect();
  const request =
    'GET /\xe9?q=%20 HTTP/1.1\r\nhOsT: shop\r\nX-Twice: 1\r\nx-tWICE:2\r\nX-Odd:  \xfcml\xe4ut \r\nX-User: ada\r\n\r\n';

  client.send(request);

  await until(() => received.length === request.length, 'the developer has the head');
  expect(received).toBe(request);
  await until(() => client.text.length === answer.length, 'the caller has the answer');
  expect(client.text).toBe(answer);
});

it('allows an empty line before a request', async () => {
  await using made = await shop();
  using client = await made.connect();

  client.send(`${post('/1', 'x')}\r\n${get('/2', ada)}`);

  expect((await client.answer()).body).toBe('app POST /1 x');
  expect((await client.answer()).body).toBe('dev GET /2');
});

it('matches the next request on a connection that was open before (case 1)', async () => {
  await using made = await shop({ routes: nothing });
  using client = await made.connect();
  expect((await client.ask(get('/1', ada))).body).toBe('app GET /1');

  await made.port.apply(personal('mine', 'ada'));

  expect((await client.ask(get('/2', ada))).body).toBe('dev GET /2');
  expect((await client.ask(get('/3'))).body).toBe('app GET /3');
  expect(made.app.connections).toBe(1);
});

it('leaves a request to the app when its first bytes went there before the intercept', async () => {
  await using made = await shop({ routes: nothing });
  using client = await made.connect();
  const request = get('/1', ada);
  await client.ask(get('/0'));
  client.send(request.slice(0, 20));
  await until(() => made.port.stats().bytesIn === get('/0').length + 20, 'the proxy has the first bytes');

  await made.port.apply(personal('mine', 'ada'));
  client.send(request.slice(20) + get('/2', ada));

  expect((await client.answer()).body).toBe('app GET /1');
  expect((await client.answer()).body).toBe('dev GET /2');
});

it('lets a request that is held incomplete go to the app when the intercept ends', async () => {
  await using made = await shop();
  using client = await made.connect();
  const request = get('/1', ada);
  client.send(request.slice(0, 20));
  await until(() => made.port.stats().bytesIn === 20, 'the proxy has the first bytes');

  await made.port.apply(nothing);
  client.send(request.slice(20));

  expect((await client.answer()).body).toBe('app GET /1');
});

it('gives a request that two intercepts want to the first, and only to it (case 11)', async () => {
  await using second = await HttpParty.start('second');
  await using made = await shop();
  made.diverter.holders.set('second', second.port);
  const intercepts = [...personal('mine', 'ada').intercepts, ...personal('second', 'ada').intercepts];
  await made.port.apply({ intercepts, wiretaps: [] });
  using client = await made.connect();

  expect((await client.ask(get('/1', ada))).body).toBe('dev GET /1');
  expect([...second.seen, ...made.app.seen]).toEqual([]);
});

it('lets an intercept without a match take what those before it do not want (case 12)', async () => {
  await using rest = await HttpParty.start('rest');
  await using made = await shop();
  made.diverter.holders.set('rest', rest.port);
  const whole = { id: 'rest', toggle: 'drain', includeProbes: false } as const;
  await made.port.apply({ intercepts: [...personal('mine', 'ada').intercepts, whole], wiretaps: [] });
  using client = await made.connect();

  expect((await client.ask(get('/1', ada))).body).toBe('dev GET /1');
  expect((await client.ask(get('/2'))).body).toBe('rest GET /2');
  expect((await client.ask(get('/3', 'User-Agent: kube-probe/1.30'))).body).toBe('app GET /3');
  expect([made.dev.urls, rest.urls, made.app.urls]).toEqual([['/1'], ['/2'], ['/3']]);
});

it('never diverts a probe of the kubelet unasked', async () => {
  await using made = await shop();
  using client = await made.connect();

  expect((await client.ask(get('/1', ada, 'User-Agent: kube-probe/1.30'))).body).toBe('app GET /1');
});

it('answers a pipeline that is longer than what is followed, with and without matches', async () => {
  for (const routes of [nothing, personal('mine', 'ada')]) {
    await using made = await shop({ routes, limits: { pipelineDepth: 4 } });
    using client = await made.connect();
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);

    client.send(paths.map((path) => get(path)).join(''));
    const bodies: string[] = [];
    for (const _path of paths) bodies.push((await client.answer()).body);

    expect(bodies).toEqual(paths.map((path) => `app GET ${path}`));
  }
});

it('gives a later request that stays incomplete to the app, or refuses it behind a diverted one', async () => {
  await using made = await shop({ isManual: true });
  await using raw = await rawShop((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      socket.on('data', (got) => socket.write(got));
    });
  });
  await using echo = await proxied(raw.app.port, { routes: personal('mine', 'ada'), isManual: true });
  using mine = await made.connect();
  using other = await echo.connect();
  await mine.ask(get('/1', ada));
  await other.ask(get('/1'));
  mine.send('GET /2 HT');
  other.send('GET /2 HT');
  await until(() => made.port.stats().bytesIn === get('/1', ada).length + 9, 'the proxy has the beginning');
  await until(() => echo.port.stats().bytesIn === get('/1').length + 9, 'the proxy has the beginning');

  await made.clock.advance(60_000);
  await echo.clock.advance(60_000);

  expect((await mine.answer()).status).toBe(408);
  expect(await other.take(9)).toBe('GET /2 HT');
});
