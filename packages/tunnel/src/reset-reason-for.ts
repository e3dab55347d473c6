import type { ResetReason } from './reset-reason.ts';
import { StreamResetError } from './tunnel-error.ts';

const goneCodes: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * What the peer is told when a stream is destroyed with an error. A reset that came from another stream is passed on
 * with its reason, so that it crosses a relay; the text of other errors stays here.
 */
export function resetReasonFor(error: Error | null): ResetReason {
  if (error === null || error.name === 'AbortError') return 'cancelled';
  if (error instanceof StreamResetError) return error.reason;
  if (error.name === 'TimeoutError') return 'timeout';
  return 'code' in error && goneCodes.has(error.code) ? 'gone' : 'internal';
}
