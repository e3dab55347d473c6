import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CopiedFrameReader } from './copied-frames.ts';

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
  const reader = new CopiedFrameReader('request', {
    fields: (stream, raw, isLast) => read.push(`${stream} ${raw.join(' ')} ${isLast}`),
    data: (stream, bytes, isLast) => {
      open += Buffer.from(bytes).toString();
      if (isLast) read.push(`${stream} ${open}`);
    },
    reset: (stream) => read.push(`${stream} reset`),
  });
  for (const chunk of chunks) reader.take(chunk);
  return read;
}

it('reads what the traffic-agent copied, however it is split', () => {
  const block = Buffer.concat([spelled(':method', 'POST'), spelled('x-a', 'b')]);
  const bytes = Buffer.concat([
    preface,
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(1, 0, 1, block.subarray(0, 5)),
    frame(9, 4, 1, block.subarray(5)),
    frame(0, 0, 1, Buffer.from('bo')),
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

it('refuses what is no copy of HTTP/2', () => {
  const bad = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.concat([preface, frame(1, 4, 1, Buffer.from([0x82]))]),
    Buffer.concat([preface, frame(1, 4, 1, Buffer.from([0, 9, 1]))]),
    Buffer.concat([preface, Buffer.alloc(9, 0xff)]),
  ];

  for (const bytes of bad) expect(() => readAll([bytes])).toThrow(RangeError);
});
