import type { CallOptions, Clock } from '@fairlead/core';

/** Options of {@link pollUntil}. */
export interface PollOptions extends CallOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** Asks until the answer is not undefined. Undefined when the time is up. What `ask` throws ends it. */
export async function pollUntil<T>(
  ask: () => Promise<T | undefined>,
  { clock, everyMs, timeoutMs, signal }: PollOptions,
): Promise<T | undefined> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined || clock.now() >= deadline) return answer;
    await clock.sleep(everyMs, signal && { signal });
  }
}
