import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldBytes } from './held-bytes.ts';

/** Memory that buffers keep alive, each backing store once. */
function keptBytes(pieces: readonly Buffer[]): number {
  const stores = new Set(pieces.map(({ buffer }) => buffer));
  return [...stores].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

describe('HeldBytes', () => {
  it('gives back what was put in, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 40 }),
        fc.nat({ max: 7 }),
        (pieces, every) => {
          const held = new HeldBytes();
          const out: Buffer[] = [];

          for (const [index, piece] of pieces.entries()) {
            held.add(Buffer.from(piece));
            if (index % 8 === every) out.push(...held.take());
          }
          out.push(...held.take());

          expect(Buffer.concat(out)).toEqual(Buffer.concat(pieces));
          expect(held.bytes).toBe(0);
        },
      ),
    );
  });

  it('keeps little more memory alive than it holds, though each byte came in a large chunk', () => {
    const held = new HeldBytes();

    for (let count = 0; count < 10_000; count += 1) held.add(Buffer.allocUnsafeSlow(64 * 1024).subarray(7, 8));
    const bytes = held.bytes;
    const pieces = held.take();

    expect(bytes).toBe(10_000);
    expect(keptBytes(pieces)).toBeLessThan(2.2 * bytes);
    expect(pieces.length).toBeLessThan(20);
  });

  it('does not copy a chunk that is nearly all for one stream', () => {
    const held = new HeldBytes();
    const chunk = Buffer.allocUnsafeSlow(64 * 1024).subarray(8);

    held.add(chunk);

    expect(held.take()[0]?.buffer).toBe(chunk.buffer);
  });
});
