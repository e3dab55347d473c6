import { abortable, type Clock, FairleadError } from '@fairlead/core';

/** How long something may take. */
export interface TimeLimit {
  readonly clock: Clock;
  readonly ms: number;
  /** What is being done, for the message: `read the certificates`. */
  readonly doing: string;
  /** Ends it earlier, with its own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of `work`; rejects with `timeout` when it takes too long. Its signal aborts then. */
export async function withTimeLimit<T>(limit: TimeLimit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, ms, doing, signal } = limit;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = clock.after(ms, () =>
    stop.abort(new FairleadError('timeout', `cannot ${doing}: no answer for ${ms / 1000} s`)),
  );
  try {
    return await abortable(work(stop.signal), { signal: stop.signal });
  } finally {
    timer[Symbol.dispose]();
    signal?.removeEventListener('abort', onAbort);
  }
}
