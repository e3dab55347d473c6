import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAccept, encodeGoAway, encodeNumber, encodeReset, encodeWindow } from './control-frame.ts';
import { frameType, isSequenced } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import { parseFrames, rawFrame, rawOpen } from './testing/raw-peer.ts';

/** What a reader said, with the pieces of a stream's bytes put together again. */
class Said {
  readonly said: string[] = [];

  open(streamId: number, metadata: Buffer): void {
    this.said.push(`open ${streamId} ${metadata.toString('hex')}`);
  }

  data(streamId: number, piece: Buffer): void {
    const last = this.said.at(-1);
    if (last?.startsWith(`data ${streamId} `)) this.said[this.said.length - 1] = last + piece.toString('hex');
    else this.said.push(`data ${streamId} ${piece.toString('hex')}`);
  }

  control(type: number, streamId: number, payload: Buffer): void {
    this.said.push(`${type} ${streamId} ${payload.toString('hex')}`);
  }
}

/** The chunks that bytes fall into when they are cut at these places. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const streamId = fc.integer({ min: 1, max: 0xffffffff });
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const anyFrame = fc.oneof(
  fc
    .tuple(streamId, fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }))
    .map(([id, metadata, first]) => rawOpen(id, metadata, first)),
  fc.tuple(streamId, someBytes).map(([id, bytes]) => rawFrame(frameType.data, id, bytes)),
  fc.tuple(streamId, fc.nat()).map(([id, bytes]) => encodeWindow(id, bytes)),
  fc.tuple(streamId, fc.string({ maxLength: 30 })).map(([id, text]) => encodeReset(id, 'gone', text)),
  streamId.map(encodeAccept),
  streamId.map((id) => rawFrame(frameType.fin, id)),
  fc.maxSafeNat().map((number) => encodeNumber('ping', number)),
  fc.maxSafeNat().map((number) => encodeNumber('ack', number)),
  fc.string({ maxLength: 30 }).map((message) => encodeGoAway({ isFinal: false, code: 'flood', message })),
);

describe('FrameReader', () => {
  it('says the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 30 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        const whole = new Said();
        const pieces = new Said();
        const single = new Said();

        new FrameReader(whole, 1000).read(bytes);
        const reader = new FrameReader(pieces, 1000);
        for (const chunk of cutAt(bytes, cuts)) reader.read(chunk);
        const byByte = new FrameReader(single, 1000);
        for (const byte of bytes) byByte.read(Buffer.from([byte]));

        expect(pieces.said).toEqual(whole.said);
        expect(single.said).toEqual(whole.said);
      }),
    );
  });

  it('passes on what the frames contain', () => {
    const record = new Said();

    new FrameReader(record, 10).read(
      Buffer.concat([rawOpen(1, 'm', 'xy'), rawFrame(frameType.data, 1, Buffer.from('z')), encodeAccept(2)]),
    );

    expect(record.said).toEqual(['open 1 6d', 'data 1 78797a', '3 2 ']);
  });

  it('passes bytes on before their frame is complete', () => {
    const record = new Said();
    const frame = rawFrame(frameType.data, 1, Buffer.from('abcdef'));

    new FrameReader(record, 10).read(frame.subarray(0, 11));

    expect(record.said).toEqual(['data 1 616263']);
  });

  it('goes on without loss or repetition when the peer starts again at the count of received bytes', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 10 }), fc.nat(), (frames, place) => {
        const bytes = Buffer.concat(frames.filter((frame) => isSequenced(frame[4] ?? 0)));
        const whole = new Said();
        const resumed = new Said();
        new FrameReader(whole, 1000).read(bytes);

        const reader = new FrameReader(resumed, 1000);
        reader.read(bytes.subarray(0, place % (bytes.length + 1)));
        reader.rewind();
        reader.read(bytes.subarray(reader.received));

        expect(reader.received).toBe(bytes.length);
        expect(resumed.said).toEqual(whole.said);
      }),
    );
  });

  it('counts sequenced frames only', () => {
    const reader = new FrameReader(new Said(), 10);

    reader.read(Buffer.concat([encodeNumber('ping', 1), encodeAccept(2), encodeNumber('ack', 1)]));

    expect(reader.received).toBe(8);
  });

  it('stops in the midst of a chunk when it is told to', () => {
    const said: number[] = [];
    const reader: FrameReader = new FrameReader(
      {
        open() {},
        data() {},
        control(_type, id) {
          said.push(id);
          reader.rewind();
        },
      },
      10,
    );

    reader.read(Buffer.concat([encodeAccept(2), encodeAccept(4)]));

    expect(said).toEqual([2]);
  });

  it.each([
    ['an unknown type', rawFrame(12, 1)],
    ['type 0', rawFrame(0, 1)],
    ['SETTINGS after the handshake', rawFrame(frameType.settings, 0, Buffer.alloc(10))],
    ['DATA without bytes', rawFrame(frameType.data, 1)],
    ['DATA beyond 256 KiB', rawFrame(frameType.data, 1, Buffer.alloc(262_145))],
    ['DATA on stream 0', rawFrame(frameType.data, 0, Buffer.alloc(1))],
    ['PING on a stream', rawFrame(frameType.ping, 1, Buffer.alloc(8))],
    ['PING of 7 bytes', rawFrame(frameType.ping, 0, Buffer.alloc(7))],
    ['WINDOW of 5 bytes', rawFrame(frameType.window, 1, Buffer.alloc(5))],
    ['FIN with bytes', rawFrame(frameType.fin, 1, Buffer.alloc(1))],
    ['RST without a reason', rawFrame(frameType.rst, 1)],
    ['RST with a novel', rawFrame(frameType.rst, 1, Buffer.alloc(600))],
    ['OPEN of 1 byte', rawFrame(frameType.open, 1, Buffer.alloc(1))],
    ['OPEN whose metadata leaves the frame', rawFrame(frameType.open, 1, Buffer.from([0, 9, 1]))],
    ['OPEN with more metadata than allowed', rawOpen(1, 'x'.repeat(11))],
  ])('refuses %s', (_what, frame) => {
    const reader = new FrameReader(new Said(), 10);

    expect(() => reader.read(frame)).toThrow(ProtocolViolation);
  });

  it('agrees with the written format', () => {
    const bytes = Buffer.concat([encodeWindow(7, 300), encodeReset(9, 'busy', 'no')]);

    expect(bytes.toString('hex')).toBe(
      `${'00000007'}${'05'}${'000004'}${'0000012c'}${'00000009'}${'07'}${'000003'}${'08'}${'6e6f'}`,
    );
    expect(parseFrames(bytes)).toHaveLength(2);
  });
});
