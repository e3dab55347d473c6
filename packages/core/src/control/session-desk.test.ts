import { describe, expect, it } from 'vitest';
import type { Clock } from '../ports/clock.ts';
import { SessionDesk } from './session-desk.ts';

const ada = { sessionId: 'ada', fingerprint: 'f' };

/** A clock whose process can be stopped: timers that fell due meanwhile fire late. */
class StoppableClock implements Pick<Clock, 'now' | 'after'> {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): Disposable {
    const timer = { at: this.#now + ms, action };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** So much time passes at once. */
  leap(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.action();
    }
  }
}

function desk(): { readonly clock: StoppableClock; readonly desk: SessionDesk; readonly ended: string[] } {
  const clock = new StoppableClock();
  const ended: string[] = [];
  const made = new SessionDesk({
    clock: clock as unknown as Clock,
    leaseMs: 15_000,
    onEnded: ({ sessionId }) => ended.push(sessionId),
    onTurned: () => {},
  });
  return { clock, desk: made, ended };
}

describe('the desk that keeps leases', () => {
  it('ends a session that was silent for its lease', () => {
    const { clock, desk: made, ended } = desk();
    made.note({ type: 'seen', ...ada });

    clock.leap(14_999);
    expect(ended).toEqual([]);
    clock.leap(1);

    expect(ended).toEqual(['ada']);
  });

  it('does not take its own sleep for the silence of sessions', () => {
    const { clock, desk: made, ended } = desk();
    made.note({ type: 'seen', ...ada });

    clock.leap(3_600_000);
    expect(ended).toEqual([]);
    expect(made.isUp(ada)).toBe(true);
    clock.leap(15_000);

    expect(ended).toEqual(['ada']);
  });
});
