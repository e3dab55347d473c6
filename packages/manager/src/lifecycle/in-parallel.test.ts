import { describe, expect, it } from 'vitest';
import { inParallel } from './in-parallel.ts';

describe('inParallel', () => {
  it('does every item, so many at a time, and tells what failed', async () => {
    let [now, most] = [0, 0];
    const done: number[] = [];

    const failures = await inParallel([1, 2, 3, 4, 5], 2, undefined, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if (item === 3) throw new Error('three');
      done.push(item);
    });

    expect([most, done]).toEqual([2, [1, 2, 4, 5]]);
    expect(failures).toMatchObject([{ item: 3, error: { message: 'three' } }]);
  });

  it('begins nothing more once it is aborted', async () => {
    const stop = new AbortController();
    const begun: number[] = [];

    const running = inParallel([1, 2, 3], 1, stop.signal, async (item) => {
      begun.push(item);
      stop.abort(new Error('enough'));
    });

    await expect(running).rejects.toThrow('enough');
    expect(begun).toEqual([1]);
  });
});
