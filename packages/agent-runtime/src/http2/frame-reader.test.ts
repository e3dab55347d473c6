import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataFrames, endHeaders, endStream, frame, frameType, padded } from './frame.ts';
import { BadFrame, FrameReader } from './frame-reader.ts';

const id = fc.integer({ min: 1, max: 99 });
const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const block = fc.tuple(id, payload, fc.nat(60)).map(([stream, bytes, cut]) => {
  const rest = frame(frameType.continuation, endHeaders, stream, bytes.subarray(cut));
  return Buffer.concat([frame(frameType.headers, endStream, stream, bytes.subarray(0, cut)), rest]);
});
const anyFrame = fc.oneof(
  block,
  fc.tuple(id, payload).map(([stream, bytes]) => dataFrames(stream, bytes, true)),
  fc.tuple(id, payload).map(([stream, bytes]) => {
    return frame(frameType.data, padded, stream, Buffer.concat([Buffer.from([3]), bytes, Buffer.alloc(3)]));
  }),
  fc.tuple(fc.integer({ min: 2, max: 40 }), id, payload).chain(([type, stream, bytes]) => {
    const isBlock = type === frameType.pushPromise || type === frameType.continuation;
    return fc.constant(frame(isBlock ? frameType.ping : type, 0, stream, bytes));
  }),
);

/** What is read of these chunks: frame by frame what it is and what it holds, however many parts it came in. */
function readAll(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader();
  const read: string[] = [];
  for (const chunk of chunks) {
    // The bytes are lent: what is kept must have been copied.
    const lent = Buffer.from(chunk);
    reader.push(lent);
    while (reader.next()) {
      const isBlock = reader.type === frameType.headers;
      const held = (isBlock ? reader.block() : reader.payload()).toString('hex');
      if (reader.hasHead) read.push(`${reader.type} ${reader.flags} ${reader.id} `);
      read.push(`${read.pop()}${held}`);
    }
    lent.fill(0xee);
  }
  return read;
}

describe('frames', () => {
  it('are the same however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 })), (frames, sizes) => {
        const bytes = Buffer.concat(frames);
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % Math.max(1, sizes.length)] ?? 7;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }

        expect(readAll(chunks)).toEqual(readAll([bytes]));
      }),
    );
  });

  it('are refused when another comes within a header block, or a block has no end', () => {
    const open = frame(frameType.headers, 0, 1, Buffer.from('x'));
    const more = frame(frameType.continuation, 0, 1);

    expect(() => readAll([open, dataFrames(1, Buffer.alloc(1), true)])).toThrow(BadFrame);
    expect(() => readAll([open, frame(frameType.continuation, endHeaders, 3)])).toThrow(BadFrame);
    expect(() => readAll([open, ...Array.from({ length: 100 }, () => more)])).toThrow(BadFrame);
    expect(() => readAll([frame(frameType.data, padded, 1, Buffer.from([9, 0]))])).toThrow(BadFrame);
  });
});
