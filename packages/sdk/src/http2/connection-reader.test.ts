import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConnectionReader } from './connection-reader.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A short name and value, spelled out. */
function spelled(name: string, value: string): Buffer {
  const text = (said: string): Buffer => Buffer.concat([Buffer.from([said.length]), Buffer.from(said)]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function readAll(chunks: readonly Buffer[]): string[] {
  const read: string[] = [];
  let open = '';
  const ignored = { fields: () => {}, data: () => {}, reset: () => {} };
  const reader = new ConnectionReader({
    response: ignored,
    request: {
      fields: (stream, raw, isLast) => read.push(`${stream} ${raw.join(' ')} ${isLast}`),
      data: (stream, bytes, isLast) => {
        open += Buffer.from(bytes).toString();
        if (isLast) read.push(`${stream} ${open}`);
      },
      reset: (stream) => read.push(`${stream} reset`),
    },
  });
  for (const chunk of chunks) reader.take('request', chunk);
  return read;
}

it('reads streams however the bytes are split, with padding, priorities and kinds of frames that nobody knows', () => {
  const block = Buffer.concat([spelled(':method', 'POST'), spelled('x-a', 'b')]);
  const bytes = Buffer.concat([
    preface,
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(1, 8 | 32, 1, Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 7]), block.subarray(0, 5), Buffer.alloc(3)])),
    frame(9, 4, 1, block.subarray(5)),
    frame(77, 0, 1, Buffer.alloc(40, 1)),
    frame(0, 8, 1, Buffer.from('\x02bo..')),
    frame(0, 1, 1, Buffer.from('dy')),
    frame(3, 0, 3, Buffer.alloc(4)),
  ]);

  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (size) => {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));

      expect(readAll(chunks)).toEqual(['1 :method POST x-a b false', '1 body', '3 reset']);
    }),
  );
});

it('refuses what is no HTTP/2', () => {
  const bad = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.concat([preface, frame(0, 8, 1, Buffer.from([9, 1]))]),
    Buffer.concat([preface, frame(5, 4, 1, Buffer.alloc(8))]),
    Buffer.concat([preface, frame(1, 4, 1, Buffer.from([0, 9, 1]))]),
    Buffer.concat([preface, Buffer.from('ffffff030000000001', 'hex')]),
  ];

  for (const bytes of bad) expect(() => readAll([bytes])).toThrow();
});
