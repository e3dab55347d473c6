import type { Clock } from '../ports/clock.ts';

/** What {@link keepWatching} needs. */
export interface KeepWatchingOptions<Change> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly watch: (signal: AbortSignal) => AsyncIterable<Change>;
  readonly onChange: (change: Change) => void;
  /** Called before every further watch: what happened in between was told to nobody. */
  readonly onGap: (signal: AbortSignal) => Promise<void> | void;
  readonly onFailure: (error: unknown, retryMs: number) => void;
}

const firstRetryMs = 250;
const maxRetryMs = 10_000;

/** Watches until the signal aborts, and begins anew whenever the watch fails or ends by itself. Never rejects. */
export async function keepWatching<Change>(options: KeepWatchingOptions<Change>): Promise<void> {
  const { clock, signal, watch, onChange, onGap, onFailure } = options;
  let retryMs = firstRetryMs;
  for (let first = true; !signal.aborted; first = false) {
    try {
      if (!first) await onGap(signal);
      for await (const change of watch(signal)) {
        retryMs = firstRetryMs;
        onChange(change);
      }
      if (signal.aborted) return;
      throw new Error('the watch ended by itself');
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error, retryMs);
      await clock.sleep(retryMs, { signal }).catch(() => {});
      retryMs = Math.min(maxRetryMs, retryMs * 2);
    }
  }
}
