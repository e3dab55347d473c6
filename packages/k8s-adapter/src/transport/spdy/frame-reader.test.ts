import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { dataFrames, finFrame, pingFrame, synStreamFrame } from './frames.ts';

describe('a reader of frames', () => {
  it('says the same, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame(), { maxLength: 12 }), fc.array(fc.nat(40)), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map((one) => one.bytes));

        const said = readAll(cutUp(bytes, cuts));

        expect(said).toEqual(joined(frames.flatMap((one) => one.said)));
      }),
    );
  });

  it('gives payloads that lie in the chunk, before the frame is complete', () => {
    const [head, payload] = dataFrames(3, [Buffer.from('half')], 100) as [Buffer, Buffer];
    const chunk = Buffer.concat([head, payload.subarray(0, 2)]);
    const given: Buffer[] = [];

    new FrameReader(handler({ onData: (_stream, bytes) => given.push(bytes) })).read(chunk);

    expect(given.map(String)).toEqual(['ha']);
    expect(given[0]?.buffer).toBe(chunk.buffer);
  });

  it.each([
    ['of another version', control(2, 4, 8), /of version 2/],
    ['that open a stream', synStreamFrame(2, Buffer.alloc(4)), /opens a stream/],
    ['that control and are endless', control(3, 4, 0xffffff).subarray(0, 8), /has 16777215 bytes/],
    ['that end too soon', control(3, 3, 7), /too short/],
  ])('does not take frames %s', (_what, bytes, why) => {
    const read = (): void => new FrameReader(handler({})).read(bytes);

    expect(read).toThrow(expect.objectContaining({ code: 'connection-lost', message: expect.stringMatching(why) }));
  });
});

describe('the frames of bytes', () => {
  it('are as long as they may be, and carry all of them', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)));
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 40 }), (written, maxBytes) => {
        const bytes = Buffer.concat(written);

        const parts = dataFrames(3, written, maxBytes);

        expect(Buffer.concat(parts)).toHaveLength(bytes.length + 8 * Math.ceil(bytes.length / maxBytes));
        expect(readAll([Buffer.concat(parts)])).toEqual(
          bytes.length === 0 ? [] : [['data', 3, bytes.toString('latin1')]],
        );
      }),
    );
  });
});

type Said = readonly [what: string, ...details: (number | string)[]];

/** A frame, and what a reader says of it. */
function frame(): fc.Arbitrary<{ readonly bytes: Buffer; readonly said: readonly Said[] }> {
  const stream = fc.constantFrom(1, 3);
  const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof(
    fc.tuple(stream, payload).map(([id, bytes]) => ({
      bytes: Buffer.concat(dataFrames(id, [bytes], 1_000)),
      said: bytes.length === 0 ? [] : [['data', id, bytes.toString('latin1')] as const],
    })),
    stream.map((id) => ({ bytes: finFrame(id), said: [['end', id] as const] })),
    fc.nat().map((id) => ({ bytes: pingFrame(id), said: [['ping', id] as const] })),
    fc.tuple(stream, payload).map(([id, block]) => ({
      bytes: control(3, 2, 4 + block.length, id, block),
      said: [['reply', id] as const],
    })),
    stream.map((id) => ({ bytes: control(3, 3, 8, id), said: [['reset', id, 0] as const] })),
    fc.nat().map((id) => ({ bytes: control(3, 7, 8, id), said: [['goAway', id] as const] })),
    // Settings, noop, headers, windows, credentials, and what nobody has thought of.
    fc.tuple(fc.constantFrom(4, 5, 8, 9, 10, 4711), payload).map(([type, bytes]) => ({
      bytes: control(3, type, 4 + bytes.length, 1, bytes),
      said: [],
    })),
  );
}

/** A control frame whose payload begins with a number, and is filled up with zeros. */
function control(version: number, type: number, length: number, id = 0, rest: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(Math.max(8 + length, 12));
  bytes.writeUInt16BE(0x8000 + version, 0);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUIntBE(length, 5, 3);
  bytes.writeUInt32BE(id, 8);
  rest.copy(bytes, 12);
  return bytes.subarray(0, 8 + length);
}

function cutUp(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of cuts) {
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...chunks, bytes.subarray(at)];
}

function readAll(chunks: readonly Buffer[]): Said[] {
  const said: Said[] = [];
  const reader = new FrameReader(
    handler({
      onData: (stream, bytes) => said.push(['data', stream, bytes.toString('latin1')]),
      onEnd: (stream) => said.push(['end', stream]),
      onReply: (stream) => said.push(['reply', stream]),
      onReset: (stream, status) => said.push(['reset', stream, status]),
      onPing: (id) => said.push(['ping', id]),
      onGoAway: (lastStream) => said.push(['goAway', lastStream]),
    }),
  );
  for (const chunk of chunks) reader.read(chunk);
  return joined(said);
}

/** Bytes of one stream that come one after the other are one. */
function joined(said: readonly Said[]): Said[] {
  const all: Said[] = [];
  for (const one of said) {
    const last = all.at(-1);
    if (one[0] === 'data' && last?.[0] === 'data' && last[1] === one[1])
      all.splice(-1, 1, ['data', one[1] ?? 0, `${last[2]}${one[2]}`]);
    else all.push(one);
  }
  return all;
}

function handler(some: Partial<FrameHandler>): FrameHandler {
  const ignore = (): void => {};
  return { onData: ignore, onEnd: ignore, onReply: ignore, onReset: ignore, onPing: ignore, onGoAway: ignore, ...some };
}
