import type { TunnelTimers } from './timers.ts';

/** What ends a wait besides the event. */
export interface WaitLimits {
  /** So much time. */
  readonly timeoutMs: number;
  /** An abort. */
  readonly signal: AbortSignal | undefined;
}

/** Resolves when the event comes, the time has passed or the signal aborts, whichever is first. */
export function waitUntil(
  onEvent: (done: () => void) => void,
  timers: TunnelTimers,
  limits: WaitLimits,
): Promise<void> {
  const { timeoutMs, signal } = limits;
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timers.clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = timers.setTimeout(done, timeoutMs);
    signal?.addEventListener('abort', done, { once: true });
    onEvent(done);
  });
}
