import { type CallOptions, type Clock, FairleadError } from '@fairlead/core';

/** How often the cluster is asked. */
const pauseMs = 250;

/** Asks again and again until the answer is not undefined. Rejects with the signal's reason. */
export async function waitUntil<T>(clock: Clock, ask: () => Promise<T | undefined>, options: CallOptions): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await clock.sleep(pauseMs, options);
  }
}

/** The caller's signal, and one that aborts with `timeout` when the time is up. Dispose it when the work is done. */
export function withTimeLimit(
  clock: Clock,
  ms: number,
  doing: string,
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal } & Disposable {
  const late = new AbortController();
  const timer = clock.after(ms, () =>
    late.abort(new FairleadError('timeout', `${doing} took longer than ${Math.round(ms / 1000)} s`)),
  );
  return {
    signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
