import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HttpParty } from '../testing/http-party.ts';
import { chunkedPost, get, post } from '../testing/raw-client.ts';
import type { RequestHead } from './request-head.ts';
import { RequestReader, requestIn } from './request-reader.ts';

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function head(text: string): RequestHead {
  const found = requestIn(latin1(text));
  if (!found) throw new Error(`not a request: ${text}`);
  return found;
}

/** Reads requests from pieces as a connection does; resolves to their targets and what became of the rest. */
function readAll(pieces: readonly Buffer[]): { targets: string[]; end: string } {
  const reader = new RequestReader();
  const targets: string[] = [];
  let data = Buffer.alloc(0);
  for (const piece of pieces) {
    data = Buffer.concat([data, piece]);
    let at = 0;
    while (at < data.length) {
      const read = reader.isInBody ? reader.readBody(data, at) : reader.readHead(data, at);
      if (typeof read === 'string') {
        if (read !== 'incomplete') return { targets, end: read };
        break;
      }
      if (typeof read === 'object') targets.push(read.target);
      at = reader.end;
    }
    data = data.subarray(at);
  }
  const isAtRest = data.length === 0 && !reader.isInBody;
  return { targets, end: isAtRest ? 'whole' : 'incomplete' };
}

function split(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [0, ...at.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

it('tells a request apart into what matches ask for', () => {
  const request = head('GET /a%20b?c=d&e HTTP/1.1\r\nHost: s\r\nX-A:  1 \r\nx-a:2\r\nX-Ab: 3\r\n\r\n');

  expect(request.method).toBe('GET');
  expect([request.path, request.query]).toEqual(['/a%20b', 'c=d&e']);
  expect(request.header('x-a')).toEqual(['1', '2']);
  expect(request.header('x-b')).toEqual([]);
});

it.each([
  ['http://host:1/p?q', '/p', 'q'],
  ['http://host?q', '/', 'q'],
  ['*', '*', ''],
  ['host:443', 'host:443', ''],
])('finds the path of the target %s', (target, path, query) => {
  const request = head(`OPTIONS ${target} HTTP/1.1\r\n\r\n`);

  expect([request.path, request.query]).toEqual([path, query]);
});

it('takes names of headers as they are, whatever they mean to a pattern', () => {
  const request = head('GET / HTTP/1.1\r\nX+a|b.c: 1\r\nXab: 2\r\n\r\n');

  expect(request.header('x+a|b.c')).toEqual(['1']);
  expect(request.header('x.*')).toEqual([]);
});

it.each([
  ['HTTP/1.1', '', false],
  ['HTTP/1.1', 'Connection: Upgrade, Close\r\n', true],
  ['HTTP/1.1', 'Connection: keep-alive\r\n', false],
  ['HTTP/1.0', '', true],
  ['HTTP/1.0', 'Connection: Keep-Alive\r\n', false],
])('knows whether %s with %j is the last request', (version, header, closes) => {
  expect(head(`GET / ${version}\r\n${header}\r\n`).closes).toBe(closes);
});

it.each([
  'GET  / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.2\r\n\r\n',
  'GET / HTTP/2.0\r\n\r\n',
  'GET / http/1.1\r\n\r\n',
  'GET /\r\n\r\n',
  'G(T / HTTP/1.1\r\n\r\n',
  'GET /a b HTTP/1.1\r\n\r\n',
  'GET /\x00 HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nA: \x00\r\n\r\n',
  'GET / HTTP/1.1\r\nA: b\rc\r\n\r\n',
  'GET / HTTP/1.1\r\nA\r\n\r\n',
  'GET / HTTP/1.1\nA: b\n\n',
  '\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length:\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 9999999999999999\r\n\r\n',
])('does not take %j for a clear request', (text) => {
  expect(requestIn(latin1(text))).toBeUndefined();
});

it('gives up on the first byte that cannot be of a request', () => {
  const impossible = ['\x16\x03\x01', '\x00', 'GET / HTTP/1.1\n', 'PING all\r\n', 'GET / HTTP/1.1\r\n ', ' GET'];

  const ends = impossible.map((text) => readAll([latin1(text)]).end);

  expect(new Set(ends)).toEqual(new Set(['bad-request']));
});

it('gives up on a head of more than 64 KiB, in one piece or many', () => {
  const long = latin1(`GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`);

  expect(readAll([long]).end).toBe('head-too-long');
  expect(readAll(split(long, [10, 1000, 60_000, 65_530])).end).toBe('head-too-long');
});

const requests = fc.array(
  fc.oneof(
    fc.webPath().map((path) => get(path || '/', 'X-A: b')),
    fc.string({ maxLength: 300 }).map((body) => post('/post', body)),
    fc
      .array(fc.string({ minLength: 1, maxLength: 50 }), { maxLength: 4 })
      .map((chunks) => chunkedPost('/chunks', chunks)),
  ),
  { maxLength: 5 },
);

it('reads the same requests however they are split', () => {
  fc.assert(
    fc.property(requests, fc.array(fc.nat(), { maxLength: 20 }), (texts, cuts) => {
      const bytes = latin1(texts.join(''));

      const whole = readAll([bytes]);

      expect(whole).toEqual({ targets: texts.map((text) => text.split(' ')[1]), end: 'whole' });
      expect(readAll(split(bytes, cuts))).toEqual(whole);
    }),
  );
});

it('knows a plain request, and reads nothing of any other', () => {
  const reader = new RequestReader();
  const others = [
    get('/').slice(0, -1),
    get('/') + get('/'),
    get('/').replace('GET', 'HEAD'),
    'CONNECT a:1 HTTP/1.1\r\n\r\n',
    post('/', 'x'),
    chunkedPost('/', []),
    get('/', 'Upgrade: websocket'),
    '\x16\x03',
  ];

  for (const other of others) expect(reader.takePlain(latin1(other))).toBe(false);
  expect(reader.takePlain(latin1(get('/plain', 'Accept: */*')))).toBe(true);
  expect(reader.readHead(latin1(get('/next')), 0)).toMatchObject({ target: '/next' });
});

/** Lines that differ between parsers in the wild. */
const oddLines = fc.constantFrom(
  'Host: s',
  'Content-Length: 5',
  'Content-Length: 0',
  'content-length:5 ',
  'Content-Length: 05',
  'Content-Length : 5',
  'Content-Length: 5,5',
  'Transfer-Encoding: chunked',
  'transfer-encoding:chunked ',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding:\tchunked',
  'X: y\r\n Content-Length: 5',
  'X: y\nContent-Length: 5',
  'X:y\rZ',
  ': empty',
  'Connection: keep-alive',
  'Expect: 100-continue',
);
const oddBodies = fc.constantFrom(
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n',
  '0\r\n\r\n',
  '05\r\nhello\r\n00\r\n\r\n',
  '5 \r\nhello\r\n0\r\n\r\n',
  '5\nhello\n0\n\n',
);

it('means the same by a request as the HTTP parser of Node, or leaves it alone', async () => {
  await using party = await HttpParty.start('node');
  let compared = 0;
  const ask = (bytes: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect((party.server.address() as AddressInfo).port, '127.0.0.1');
      socket.on('error', () => {}).on('close', () => resolve());
      socket.resume();
      socket.end(bytes);
    });

  await fc.assert(
    fc.asyncProperty(fc.array(oddLines, { maxLength: 4 }), oddBodies, async (lines, body) => {
      const first = ['POST /first HTTP/1.1', 'Host: s', ...lines].join('\r\n');
      const bytes = latin1(`${first}\r\n\r\n${body}${get('/marker', 'Connection: close')}`);
      const { targets, end } = readAll([bytes]);
      if (end !== 'whole') return;
      party.seen.length = 0;

      await ask(bytes);

      if (party.urls.length === 2) compared += 1;
      // Node may refuse more than we do, but what it takes it takes as we do.
      expect(targets.slice(0, party.urls.length)).toEqual(party.urls);
    }),
    { numRuns: 300 },
  );

  expect(compared).toBeGreaterThan(10);
}, 30_000);
