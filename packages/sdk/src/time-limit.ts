import type { Clock, FairleadError } from '@fairlead/core';

/** A time limit joined with a caller's signal. Dispose it when the work is done. */
export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborts with `error` after `ms`, or with the reason of `also` before. */
export function timeLimit(clock: Clock, ms: number, error: () => FairleadError, also?: AbortSignal): TimeLimit {
  const late = new AbortController();
  const timer = clock.after(ms, () => late.abort(error()));
  return {
    signal: also ? AbortSignal.any([also, late.signal]) : late.signal,
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
