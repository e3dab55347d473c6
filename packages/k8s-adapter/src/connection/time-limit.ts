import { setMaxListeners } from 'node:events';
import type { Clock, FairleadError } from '@fairlead/core';

/** A signal that is made of others. Dispose it when the work is done, or they hold on to it. */
export interface JoinedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborts as soon as one of the signals does, with its reason. Unlike `AbortSignal.any` it can be let go of. */
export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController();
  // However many listen, each lets go when its work is done.
  setMaxListeners(0, joined.signal);
  const ends: (() => void)[] = [];
  for (const signal of signals) {
    if (!signal) continue;
    if (signal.aborted) joined.abort(signal.reason);
    // One caller may have many requests under way.
    setMaxListeners(0, signal);
    const onAbort = (): void => joined.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    ends.push(() => signal.removeEventListener('abort', onAbort));
  }
  return {
    signal: joined.signal,
    [Symbol.dispose]() {
      for (const end of ends.splice(0)) end();
    },
  };
}

/** Aborts with `error` after `ms`, or with the reason of one of the signals before. */
export function timeLimit(
  clock: Clock,
  ms: number,
  error: () => FairleadError,
  ...signals: readonly (AbortSignal | undefined)[]
): JoinedSignal {
  const late = new AbortController();
  const timer = clock.after(ms, () => late.abort(error()));
  const joined = joinSignals(late.signal, ...signals);
  return {
    signal: joined.signal,
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      joined[Symbol.dispose]();
    },
  };
}
