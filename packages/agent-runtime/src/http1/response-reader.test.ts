import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AnswerState, type AskedFor, ResponseReader } from './response-reader.ts';

const asked: AskedFor = { isHead: false, switches: undefined };

/** Reads an answer from pieces, in a buffer that is used again for each; resolves to its state and what was left over. */
function read(pieces: readonly string[], of: AskedFor = asked) {
  const reader = new ResponseReader();
  const buffer = Buffer.alloc(100_000);
  let left = '';
  for (const piece of pieces) {
    const length = buffer.write(piece, 'latin1');
    const bytes = buffer.subarray(0, length);
    left += bytes.toString('latin1', reader.take(bytes, 0, of));
    buffer.fill('#');
  }
  return { state: reader.state, left, hasBegun: reader.hasBegun, closes: reader.closes };
}

const bodies: [string, string][] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['a length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length:5\r\n\r\nhello'],
  ['no body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n'],
  ['a coding and chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\n'],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n'],
  ['interim answers', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 204 x\r\n\r\n'],
  [
    'headers that only an app would send',
    'HTTP/1.1 200 OK\r\nfoo bar: \x01\xff\r\nno colon\r\nContent-Length: 0\r\n\r\n',
  ],
];

it.each(bodies)('finds the end of an answer with %s', (_what, text) => {
  expect(read([`${text}left`])).toMatchObject({ state: 'done', left: 'left', hasBegun: true });
});

it.each(bodies)('finds it split anywhere, in a buffer that is used again: %s', (_what, text) => {
  for (let cut = 1; cut < text.length; cut += 1) {
    expect(read([text.slice(0, cut), `${text.slice(cut)}left`])).toMatchObject({ state: 'done', left: 'left' });
  }
  expect(read([...text.split(''), 'left'])).toMatchObject({ state: 'done', left: 'left' });
});

it('takes no body for an answer to HEAD', () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';

  expect(read([`${text}left`], { ...asked, isHead: true })).toMatchObject({ state: 'done', left: 'left' });
});

it.each([
  ['HTTP/1.1 200 OK\r\n\r\n', true],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', true],
  ['HTTP/1.0 200 OK\r\n\r\n', true],
])('reads %j until the connection closes', (text, closes) => {
  expect(read([text, 'anything', 'HTTP/1.1 200 OK\r\n\r\n'])).toEqual({
    state: 'open',
    left: '',
    hasBegun: true,
    closes,
  });
});

it.each([
  ['HTTP/1.1 204 x\r\n\r\n', false],
  ['HTTP/1.1 204 x\r\nConnection: close\r\n\r\n', true],
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', true],
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n', false],
])('knows whether the connection ends with %j', (text, closes) => {
  expect(read([text])).toMatchObject({ state: 'done', closes });
});

it.each<[string, AskedFor, AnswerState]>([
  ['HTTP/1.1 101 Switching Protocols\r\n\r\n', { isHead: false, switches: 'upgrade' }, 'switched'],
  ['HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n', { isHead: false, switches: 'upgrade' }, 'done'],
  ['HTTP/1.1 200 Connected\r\n\r\n', { isHead: false, switches: 'connect' }, 'switched'],
  ['HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n', { isHead: false, switches: 'connect' }, 'done'],
])('tells that %j changes the protocol, or not', (text, of, state) => {
  expect(read([text], of).state).toBe(state);
});

it.each([
  'HTTP/2 200\r\n\r\n',
  'HTTP/1.1 2000 OK\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 600 OK\r\n\r\n',
  'ICY 200 OK\r\n',
  '220 hello\r\n',
  'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
  'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
])('says that the end of %j cannot be told', (text) => {
  expect(read([text])).toMatchObject({ state: 'unclear', hasBegun: true });
});

it('does not count interim answers as begun', () => {
  expect(read(['HTTP/1.1 100 Continue\r\n\r\n'])).toMatchObject({ state: 'open', hasBegun: false });
  expect(read(['HTTP/1.1 100 Continue\r\n\r\nH'])).toMatchObject({ state: 'open', hasBegun: true });
});

it('knows a whole answer to a plain request, and reads nothing of any other', () => {
  const reader = new ResponseReader();
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const others = [
    whole.slice(0, -1),
    `${whole}x`,
    'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello',
    'nonsense',
  ];

  for (const other of others) expect(reader.takePlain(Buffer.from(other))).toBe(false);
  expect(reader.takePlain(Buffer.from(whole))).toBe(true);
  expect(reader.take(Buffer.from(whole), 0, asked)).toBe(whole.length);
});

it('finds the end of any chunked body', () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 6 }), fc.array(fc.nat(400), { maxLength: 8 }), (chunks, cuts) => {
      const data = chunks.map(
        (bytes) => `${bytes.length.toString(16)}\r\n${Buffer.from(bytes).toString('latin1')}\r\n`,
      );
      const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${data.join('')}0\r\n\r\nleft`;
      const edges = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];

      const pieces = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));

      expect(read(pieces)).toMatchObject({ state: 'done', left: 'left' });
    }),
  );
});
