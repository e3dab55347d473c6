import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestFraming, responseFraming } from './message-head.ts';
import { MessageReader } from './message-reader.ts';

/** Reads bytes cut into pieces of these sizes, and tells what was seen in words. */
function read(bytes: Buffer, sizes: Iterator<number>, methods?: string[]): string[] {
  const told: string[] = [];
  let body = '';
  const reader = new MessageReader({
    head: (head) => {
      told.push(`${head.line.join(' ')} ${head.rawHeaders.join(',')}`);
      return methods ? responseFraming(head, methods[0] ?? 'GET') : requestFraming(head);
    },
    body: (piece) => {
      body += Buffer.from(piece).toString('latin1');
    },
    missing: (count) => {
      body += `<${count}>`;
    },
    end: (trailers) => {
      told.push(`${body}|${trailers.join(',')}`);
      body = '';
      methods?.shift();
    },
    lost: () => told.push('lost'),
  });
  for (let at = 0; at < bytes.length; ) {
    const size = sizes.next().value as number;
    reader.take(bytes.subarray(at, at + size));
    at += size;
  }
  reader.close();
  return told;
}

const whole = (): Iterator<number> => [1e9].values();

describe('MessageReader', () => {
  it('reads the same requests wherever the bytes are cut', () => {
    const bytes = Buffer.from(
      'POST /a HTTP/1.1\r\nHost: cart\r\nContent-Length: 5\r\n\r\nhello' +
        '\r\nGET /b HTTP/1.1\r\nX-A: 1\r\nX-A: 2\r\n\r\n' +
        'PUT /c HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n' +
        'GET /d HTTP/1.0\r\n\r\n',
    );
    const expected = read(bytes, whole());

    expect(expected).toEqual([
      'POST /a HTTP/1.1 Host,cart,Content-Length,5',
      'hello|',
      'GET /b HTTP/1.1 X-A,1,X-A,2',
      '|',
      'PUT /c HTTP/1.1 Transfer-Encoding,gzip, chunked',
      'abc0123456789|X-Sum,7',
      'GET /d HTTP/1.0 ',
      '|',
    ]);
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sizes) => {
        expect(read(bytes, sizes)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('knows where answers end: interim ones, those without a body, and those that last until the close', () => {
    const bytes = Buffer.from(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n' +
        'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n' +
        'HTTP/1.1 200 \r\n\r\nto the end',
    );

    expect(read(bytes, whole(), ['HEAD', 'GET', 'GET'])).toEqual([
      'HTTP/1.1 100 Continue ',
      'HTTP/1.1 200 OK Content-Length,9',
      '|',
      'HTTP/1.1 304 Not Modified Content-Length,9',
      '|',
      'HTTP/1.1 200  ',
      'to the end|',
    ]);
  });

  it('counts bytes that are missing inside a body, and gives up where they are missing elsewhere', () => {
    const told: string[] = [];
    const reader = new MessageReader({
      head: requestFraming,
      body: (piece) => told.push(Buffer.from(piece).toString()),
      missing: (count) => told.push(`<${count}>`),
      end: () => told.push('end'),
      lost: () => told.push('lost'),
    });
    reader.take(Buffer.from('POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nab'));
    reader.skip(4);
    reader.take(Buffer.from('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na'));
    reader.skip(3);
    reader.take(Buffer.from('e\r\n'));
    reader.skip(1);
    reader.take(Buffer.from('GET / HTTP/1.1\r\n\r\n'));

    expect(told).toEqual(['ab', '<4>', 'end', 'a', '<3>', 'e', 'lost']);
  });

  it.each([
    'SSH-2.0-x\r\n\r\n',
    '\x16\x03\x01\x02',
    'GET /\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ])('gives up on what is no HTTP/1: %j', (bytes) => {
    expect(read(Buffer.from(bytes), whole()).at(-1)).toBe('lost');
  });

  it('does not gather a head without end', () => {
    expect(read(Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(300_000)}`), whole())).toEqual(['lost']);
  });
});
