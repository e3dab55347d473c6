import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetransmitLog } from './retransmit-log.ts';

describe('RetransmitLog', () => {
  it('gives the bytes from any place between what was acknowledged and what was sent', () => {
    const anyParts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 200 });
    fc.assert(
      fc.property(anyParts, fc.array(fc.nat(), { maxLength: 5 }), fc.nat(), (arrays, releases, place) => {
        const parts = arrays.map((array) => Buffer.from(array));
        const all = Buffer.concat(parts);
        const log = new RetransmitLog(1000);
        log.append(parts);

        let acknowledged = 0;
        for (const release of releases) {
          acknowledged += release % (all.length - acknowledged + 1);
          log.release(acknowledged);
        }
        const offset = acknowledged + (place % (all.length - acknowledged + 1));

        expect(log.bytes).toBe(all.length - acknowledged);
        expect(log.covers(offset)).toBe(true);
        expect(Buffer.concat(log.from(offset))).toEqual(all.subarray(offset));
      }),
    );
  });

  it('does not cover what was acknowledged or not yet sent', () => {
    const log = new RetransmitLog(100);
    log.append([Buffer.alloc(10)]);

    log.release(4);

    expect([3, 4, 10, 11].map((offset) => log.covers(offset))).toEqual([false, true, true, false]);
  });

  it('is full at its limit and has room again when some was acknowledged, though in the midst of a part', () => {
    const log = new RetransmitLog(10);
    log.append([Buffer.alloc(12)]);
    const before = log.isFull;

    log.release(5);

    expect([before, log.isFull]).toEqual([true, false]);
  });
});
