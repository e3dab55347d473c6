import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { describeClock } from './conformance/clock.ts';
import { createSystemClock } from './system-clock.ts';

describeClock('createSystemClock', {
  create: async () => ({
    clock: createSystemClock({ now: Date.now, setTimeout, clearTimeout }),
    pass: (ms) => wait(ms),
    async [Symbol.asyncDispose]() {},
  }),
});

describe('createSystemClock', () => {
  it('waits longer than a host’s timer can', () => {
    const armed: number[] = [];
    let now = 0;
    let fire = (): void => {};
    const clock = createSystemClock({
      now: () => now,
      setTimeout: (action, ms) => {
        armed.push(ms);
        fire = action;
      },
      clearTimeout: () => {},
    });
    let calls = 0;
    clock.after(2 ** 31 + 99, () => calls++);

    now = 2 ** 31 - 1;
    fire();
    expect(calls).toBe(0);
    now = 2 ** 31 + 99;
    fire();

    expect(armed).toEqual([2 ** 31 - 1, 100]);
    expect(calls).toBe(1);
  });
});
