import type { CallOptions } from './ports/call-options.ts';
import type { Clock } from './ports/clock.ts';
import { sleepBy } from './sleep.ts';

/** The longest time that a host's timer can wait; longer waits are made of several. */
const longestMs = 2 ** 31 - 1;

/** The host's timers. On Node and in browsers `globalThis` with `Date.now` has them all. */
export interface HostTimers<Handle = unknown> {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls the action once, after that many milliseconds. */
  setTimeout(action: () => void, ms: number): Handle;
  /** Makes a call not happen; harmless when it did. */
  clearTimeout(handle: Handle): void;
}

/**
 * The clock of the host. Core itself touches no timer, so the program hands in its own; a program that should end
 * while a timer is pending hands in a `setTimeout` whose handles are unreferenced.
 *
 * @example
 * ```ts
 * import { createSystemClock } from '@fairlead/core';
 *
 * const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
 * ```
 */
export function createSystemClock<Handle>(timers: HostTimers<Handle>): Clock {
  const after = (ms: number, action: () => void): Disposable => {
    const due = timers.now() + Math.max(0, ms);
    let handle: Handle;
    const arm = (left: number): void => {
      handle = timers.setTimeout(
        () => (left > longestMs ? arm(due - timers.now()) : action()),
        Math.min(left, longestMs),
      );
    };
    arm(Math.max(0, ms));
    return { [Symbol.dispose]: () => timers.clearTimeout(handle) };
  };
  return {
    now: () => timers.now(),
    sleep: (ms: number, options?: CallOptions) => sleepBy(after, ms, options),
    after,
  };
}
