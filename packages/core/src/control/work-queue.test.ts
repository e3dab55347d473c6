import { describe, expect, it } from 'vitest';
import { ManualClock } from '../memory/manual-clock.ts';
import { WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  it('works on a key one at a time, coalesces what comes meanwhile, and drops nothing', async () => {
    const clock = new ManualClock();
    const gates: (() => void)[] = [];
    let atOnce = 0;
    let most = 0;
    const queue = new WorkQueue({
      clock,
      handle: async () => {
        most = Math.max(most, ++atOnce);
        await new Promise<void>((resolve) => gates.push(resolve));
        atOnce--;
      },
    });

    queue.add('cart');
    await clock.advance(0);
    for (let times = 0; times < 5; times++) queue.add('cart');
    gates.shift()?.();
    await clock.advance(0);
    expect(gates).toHaveLength(1);
    gates.shift()?.();
    await clock.advance(0);

    expect(gates).toEqual([]);
    expect(most).toBe(1);
    expect(queue.size).toBe(0);
  });

  it('gives the work on each key a signal of its own, and aborts all of them at its end', async () => {
    const clock = new ManualClock();
    const signals: AbortSignal[] = [];
    const queue = new WorkQueue({
      clock,
      handle: (_key, signal) => {
        signals.push(signal);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
    });
    queue.add('cart');
    queue.add('till');
    await clock.advance(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);

    await queue[Symbol.asyncDispose]();

    expect(new Set(signals).size).toBe(2);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('works on different keys at once', async () => {
    const clock = new ManualClock();
    const begun: string[] = [];
    const queue = new WorkQueue({
      clock,
      handle: (key) => {
        begun.push(key);
        return new Promise(() => {});
      },
    });

    queue.add('cart');
    queue.add('till');
    await clock.advance(0);

    expect(begun).toEqual(['cart', 'till']);
  });

  it('tries again after a failure, ever more slowly up to a limit', async () => {
    const clock = new ManualClock();
    const tries: number[] = [];
    const failures: unknown[] = [];
    const queue = new WorkQueue({
      clock,
      firstRetryMs: 100,
      maxRetryMs: 300,
      handle: async () => {
        tries.push(clock.now());
        if (tries.length < 5) throw new Error('not yet');
      },
      onFailure: (key, error, retryMs) => failures.push([key, (error as Error).message, retryMs]),
    });

    queue.add('cart');
    await clock.advance(5_000);

    expect(tries).toEqual([0, 100, 300, 600, 900]);
    expect(failures[1]).toEqual(['cart', 'not yet', 200]);
    expect(queue.size).toBe(0);
  });

  it('does not let new work wait for the end of a long pause', async () => {
    const clock = new ManualClock();
    const tries: number[] = [];
    const queue = new WorkQueue({
      clock,
      firstRetryMs: 100,
      handle: async () => {
        tries.push(clock.now());
        if (tries.length < 5) throw new Error('not yet');
      },
    });
    queue.add('cart');
    await clock.advance(1_000);
    expect(tries).toEqual([0, 100, 300, 700]);

    queue.add('cart');
    await clock.advance(1_000);

    expect(tries).toEqual([0, 100, 300, 700, 1_100]);
    expect(clock.pending).toBe(0);
  });

  it('starts with short pauses again after a success', async () => {
    const clock = new ManualClock();
    const pauses: number[] = [];
    let fails = true;
    const queue = new WorkQueue({
      clock,
      firstRetryMs: 100,
      handle: async () => {
        fails = !fails;
        if (!fails) throw new Error('not yet');
      },
      onFailure: (_key, _error, retryMs) => pauses.push(retryMs),
    });

    for (let times = 0; times < 3; times++) {
      queue.add('cart');
      await clock.advance(1_000);
    }

    expect(pauses).toEqual([100, 100, 100]);
  });

  it('aborts what is under way when it is disposed, and takes nothing more', async () => {
    const clock = new ManualClock();
    let begun = 0;
    const queue = new WorkQueue({
      clock,
      handle: (_key, signal) => {
        begun++;
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    queue.add('cart');
    await clock.advance(0);

    await queue[Symbol.asyncDispose]();
    queue.add('till');
    await queue[Symbol.asyncDispose]();

    expect(begun).toBe(1);
    expect(queue.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('does not wait for its next try when it is disposed', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, handle: () => Promise.reject(new Error('no')) });
    queue.add('cart');
    await clock.advance(0);
    expect(clock.pending).toBe(1);

    await queue[Symbol.asyncDispose]();

    expect(clock.pending).toBe(0);
  });
});
