import { describe, expect, it } from 'vitest';
import type { Clock } from '../ports/clock.ts';

/** A clock to be proven. */
export interface ClockUnderTest extends AsyncDisposable {
  readonly clock: Clock;
  /** Lets that many milliseconds pass: moves the hands, or waits. */
  pass(ms: number): Promise<void>;
}

/** How a clock is made. */
export interface ClockSetup {
  /** A fresh clock; disposing takes down whatever was put up for it. */
  create(): Promise<ClockUnderTest>;
}

/** Slack for clocks of real machines, whose timers may be rounded. */
const slackMs = 2;

/** The promises that every {@link Clock} keeps. */
export function describeClock(name: string, setup: ClockSetup): void {
  describe(`${name} is a Clock`, () => {
    it('counts milliseconds forward', async () => {
      await using made = await setup.create();
      const before = made.clock.now();

      await made.pass(20);

      expect(made.clock.now() - before).toBeGreaterThanOrEqual(20 - slackMs);
    });

    it('sleeps for the time and not less', async () => {
      await using made = await setup.create();
      const before = made.clock.now();
      let woke = 0;
      const sleeping = made.clock.sleep(20).then(() => {
        woke = made.clock.now();
      });

      await made.pass(60);
      await sleeping;

      expect(woke - before).toBeGreaterThanOrEqual(20 - slackMs);
    });

    it('does not wake a sleeper early', async () => {
      await using made = await setup.create();
      const stop = new AbortController();
      let woke = false;
      const sleeping = made.clock.sleep(60_000, { signal: stop.signal }).then(() => {
        woke = true;
      });

      await made.pass(20);
      expect(woke).toBe(false);

      stop.abort(new Error('enough'));
      await expect(sleeping).rejects.toThrow('enough');
    });

    it('rejects a sleep with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');

      await expect(made.clock.sleep(5, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    it('calls an action once, after the time', async () => {
      await using made = await setup.create();
      let calls = 0;
      made.clock.after(20, () => calls++);
      expect(calls).toBe(0);

      await made.pass(60);
      await made.pass(60);

      expect(calls).toBe(1);
    });

    it('does not call an action whose handle was disposed, and disposing twice is harmless', async () => {
      await using made = await setup.create();
      let calls = 0;
      const timer = made.clock.after(10, () => calls++);

      timer[Symbol.dispose]();
      timer[Symbol.dispose]();
      await made.pass(40);

      expect(calls).toBe(0);
    });

    it('lets a handle be disposed after its action ran', async () => {
      await using made = await setup.create();
      const timer = made.clock.after(1, () => {});

      await made.pass(20);

      expect(() => timer[Symbol.dispose]()).not.toThrow();
    });

    it('calls what is due earlier first', async () => {
      await using made = await setup.create();
      const order: string[] = [];
      made.clock.after(40, () => order.push('later'));
      made.clock.after(10, () => order.push('sooner'));

      await made.pass(100);

      expect(order).toEqual(['sooner', 'later']);
    });
  });
}
