import { type ErrorCode, type ErrorPhase, FairleadError } from '../errors.ts';

const transient: ReadonlySet<ErrorCode> = new Set(['unreachable', 'timeout', 'connection-lost', 'stale-write']);
const beforeAnyWrite: ReadonlySet<ErrorPhase> = new Set(['input', 'plan', 'arbitrate']);

/** The same call may well succeed a little later, so nothing is ended for it. */
export function isTransient(thrown: unknown): boolean {
  return thrown instanceof FairleadError && transient.has(thrown.code);
}

/** The request itself was judged, and nothing was touched. */
export function isRefusal(error: FairleadError): boolean {
  return error.phase !== undefined && beforeAnyWrite.has(error.phase);
}
