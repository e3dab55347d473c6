import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatagramDecoder, encodeDatagram, maxDatagramBytes } from './datagram-frame.ts';

const datagram = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 250, max: 520 }).map((length) => new Uint8Array(length).fill(length)),
);

describe('datagrams in a byte stream', () => {
  it('keep their borders, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(datagram, { maxLength: 12 }),
        fc.infiniteStream(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 300 }))),
        (sent, sizes) => {
          const wire = Uint8Array.from(sent.flatMap((each) => [...encodeDatagram(each)]));
          const decoder = new DatagramDecoder();
          const received: Uint8Array[] = [];

          for (let at = 0; at < wire.length; ) {
            const size = sizes.next().value;
            received.push(...decoder.decode(wire.subarray(at, at + size)));
            at += size;
          }

          expect(received.map((each) => [...each])).toEqual(sent.map((each) => [...each]));
        },
      ),
    );
  });

  it('arrive byte by byte, the longest one too', () => {
    const longest = new Uint8Array(maxDatagramBytes).fill(7);
    const decoder = new DatagramDecoder();
    const received: Uint8Array[] = [];

    for (const byte of encodeDatagram(longest)) received.push(...decoder.decode(Uint8Array.of(byte)));

    expect(received.map(({ length }) => length)).toEqual([maxDatagramBytes]);
    expect(received[0]?.every((byte) => byte === 7)).toBe(true);
  });

  it('are refused when they are longer than UDP can carry', () => {
    const tooLong = maxDatagramBytes + 1;

    expect(() => encodeDatagram(new Uint8Array(tooLong))).toThrow(RangeError);
    expect(() => new DatagramDecoder().decode(Uint8Array.of(tooLong >> 8, tooLong & 255))).toThrow(RangeError);
  });
});
