import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeTapFrame, maxTapFrameBytes, type TapFrame, TapFrameDecoder } from './tap-frame.ts';

const direction = fc.constantFrom('request' as const, 'response' as const);
const frame: fc.Arbitrary<TapFrame> = fc.oneof(
  fc.record({ direction, bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ direction, dropped: fc.nat(0xffffffff) }),
  fc.record({ servedBy: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }) }),
);

/** Joins neighbouring pieces of one frame, so that only what was sent remains. */
const summary = (frames: readonly TapFrame[]): string =>
  frames
    .map((f) =>
      'servedBy' in f
        ? `by ${f.servedBy};`
        : 'dropped' in f
          ? `${f.direction}-${f.dropped};`
          : [...f.bytes].map((b) => `${f.direction}${b};`).join(''),
    )
    .join('');

describe('tap frames', () => {
  it('arrive as they were sent, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (sent, sizes) => {
          const wire = Uint8Array.from(sent.flatMap((f) => [...encodeTapFrame(f)]));
          const decoder = new TapFrameDecoder();
          const received: TapFrame[] = [];

          for (let at = 0; at < wire.length; ) {
            const size = sizes.next().value;
            received.push(...decoder.decode(wire.subarray(at, at + size)));
            at += size;
          }

          expect(summary(received)).toBe(summary(sent));
        },
      ),
    );
  });

  it('of an unknown kind or above the limit are refused', () => {
    const oversized = new Uint8Array(5);
    new DataView(oversized.buffer).setUint32(1, maxTapFrameBytes + 1);

    expect(() => new TapFrameDecoder().decode(Uint8Array.of(9, 0, 0, 0, 1))).toThrow(RangeError);
    expect(() => new TapFrameDecoder().decode(oversized)).toThrow(RangeError);
  });
});
