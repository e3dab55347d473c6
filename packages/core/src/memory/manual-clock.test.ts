import { describe, expect, it } from 'vitest';
import { describeClock } from '../conformance/clock.ts';
import { ManualClock } from './manual-clock.ts';

describeClock('ManualClock', {
  create: async () => {
    const clock = new ManualClock();
    return { clock, pass: (ms) => clock.advance(ms), async [Symbol.asyncDispose]() {} };
  },
});

describe('ManualClock', () => {
  it('stands still until it is moved, and starts where it is told', async () => {
    const clock = new ManualClock({ startAt: 1_000 });

    await clock.advance(250);

    expect(clock.now()).toBe(1_250);
  });

  it('fires timers in the order of their times, equal ones as they were set, each at its own time', async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
    clock.after(20, note('b'));
    clock.after(10, note('a'));
    clock.after(20, note('c'));

    await clock.advance(20);

    expect(fired).toEqual(['a@10', 'b@20', 'c@20']);
    expect(clock.pending).toBe(0);
  });

  it('fires timers that are set while it moves', async () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    const beat = async (): Promise<void> => {
      for (let count = 0; count < 3; count++) {
        await clock.sleep(10);
        fired.push(clock.now());
      }
    };
    const beating = beat();

    await clock.advance(100);
    await beating;

    expect(fired).toEqual([10, 20, 30]);
  });

  it('forgets a sleeper whose signal aborts', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(10, { signal: stop.signal });

    stop.abort(new Error('enough'));

    await expect(sleeping).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });

  it('lets the caller say how to settle', async () => {
    let settled = 0;
    const clock = new ManualClock({
      settle: async () => {
        settled++;
      },
    });
    clock.after(1, () => {});

    await clock.advance(1);

    expect(settled).toBe(2);
  });
});
