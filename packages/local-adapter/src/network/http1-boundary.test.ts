import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Http1Boundary } from './http1-boundary.ts';

const get = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';

function after(...turns: readonly (readonly ['client' | 'server', string])[]): boolean {
  const boundary = new Http1Boundary();
  for (const [who, text] of turns) {
    if (who === 'client') boundary.fromClient(Buffer.from(text));
    else boundary.fromServer(Buffer.from(text));
  }
  return boundary.between;
}

it.each([
  ['before the first request', [], true],
  ['while the server works', [['client', get]], false],
  [
    'after the answer',
    [
      ['client', get],
      ['server', ok],
    ],
    true,
  ],
  [
    'within the head of the next request',
    [
      ['client', get],
      ['server', ok],
      ['client', 'GET /'],
    ],
    false,
  ],
  [
    'within the answer',
    [
      ['client', get],
      ['server', ok.slice(0, -1)],
    ],
    false,
  ],
  [
    'with one of two pipelined answers',
    [
      ['client', get + get],
      ['server', ok],
    ],
    false,
  ],
  [
    'with both pipelined answers',
    [
      ['client', get + get],
      ['server', ok + ok],
    ],
    true,
  ],
  [
    'after 100 Continue only',
    [
      ['client', get],
      ['server', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ],
    false,
  ],
  [
    'after an interim and a final answer',
    [
      ['client', get],
      ['server', `HTTP/1.1 103 Early\r\n\r\n${ok}`],
    ],
    true,
  ],
  [
    'after an answer to HEAD',
    [
      ['client', get.replace('GET', 'HEAD')],
      ['server', ok.slice(0, -2)],
    ],
    true,
  ],
  [
    'after 304',
    [
      ['client', get],
      ['server', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n'],
    ],
    true,
  ],
  [
    'within a body that ends with the connection',
    [
      ['client', get],
      ['server', 'HTTP/1.1 200 OK\r\n\r\nall'],
    ],
    false,
  ],
  [
    'after chunks and trailers',
    [
      ['client', get],
      ['server', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\na: b\r\n\r\n'],
    ],
    true,
  ],
  [
    'before the end of trailers',
    [
      ['client', get],
      ['server', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: b\r\n'],
    ],
    false,
  ],
  [
    'with an answer before the end of the upload',
    [
      ['client', 'POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nabc'],
      ['server', ok],
    ],
    false,
  ],
  ['when the server speaks first', [['server', '220 smtp\r\n']], false],
  ['on HTTP/2', [['client', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']], false],
  ['on another protocol', [['client', '\u0000\u0001query']], false],
  [
    'after an upgrade',
    [
      ['client', get],
      ['server', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
    ],
    false,
  ],
  [
    'after the client asked for the end',
    [
      ['client', get.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')],
      ['server', ok],
    ],
    false,
  ],
  [
    'after the server announced the end',
    [
      ['client', get],
      ['server', ok.replace('OK', 'OK\r\nConnection: Keep-Alive, Close')],
    ],
    false,
  ],
] as const)('%s', (_, turns, between) => {
  expect(after(...turns)).toBe(between);
});

it('knows that a request is under way that is the last one of its connection', () => {
  const boundary = new Http1Boundary();
  boundary.fromClient(Buffer.from(get.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')));
  expect(boundary.exchanging).toBe(true);
  boundary.fromServer(Buffer.from(ok));
  expect(boundary.exchanging).toBe(false);
});

it('does not depend on how the bytes are cut', () => {
  const request =
    'POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n';
  const whole = request + get;
  const answers = ok + ok;
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length)), fc.array(fc.nat(answers.length)), (cutsOut, cutsIn) => {
      const boundary = new Http1Boundary();
      const seen: boolean[] = [];
      for (const piece of pieces(whole, cutsOut)) {
        boundary.fromClient(Buffer.from(piece));
        seen.push(boundary.between);
      }
      const back = pieces(answers, cutsIn);
      for (const piece of back) {
        boundary.fromServer(Buffer.from(piece));
        seen.push(boundary.between);
      }
      expect(seen.pop()).toBe(true);
      expect(seen).not.toContain(true);
    }),
  );
});

function pieces(text: string, cuts: readonly number[]): string[] {
  const sorted = [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end));
}
