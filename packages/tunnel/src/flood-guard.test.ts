import { describe, expect, it } from 'vitest';
import { FloodGuard } from './flood-guard.ts';
import { ManualTimers } from './testing/manual-timers.ts';

function spend(guard: FloodGuard, times: number): void {
  for (let count = 0; count < times; count += 1) guard.spend();
}

describe('FloodGuard', () => {
  it('refuses the ten-thousandth useless frame of a second', () => {
    const guard = new FloodGuard(new ManualTimers());
    spend(guard, 9_999);

    expect(() => guard.spend()).toThrow(expect.objectContaining({ code: 'flood' }));
  });

  it('lets the same number pass when it takes longer', async () => {
    const timers = new ManualTimers();
    const guard = new FloodGuard(timers);

    for (let second = 0; second < 3; second += 1) {
      spend(guard, 9_999);
      await timers.advance(1_000);
    }

    expect(() => guard.spend()).not.toThrow();
  });

  it('lets one useless frame pass for each useful one', () => {
    const guard = new FloodGuard(new ManualTimers());

    expect(() => {
      for (let count = 0; count < 50_000; count += 1) {
        guard.earn();
        guard.spend();
      }
    }).not.toThrow();
  });
});
