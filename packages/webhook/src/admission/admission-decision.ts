import type { JsonPatchOperation } from '@fairlead/core';
import { reviewVersion } from './admission-request.ts';

/** What becomes of a request. */
export type AdmissionDecision =
  | {
      readonly allowed: true;
      /** Empty: the object stays as it is. */
      readonly patch: readonly JsonPatchOperation[];
      /** Shown to whoever made the request. */
      readonly warnings: readonly string[];
    }
  | {
      readonly allowed: false;
      /** As an HTTP status: 400, 403, 422 or 500. */
      readonly code: number;
      readonly message: string;
    };

/** Longer ones are cut, more are left out: an API server drops all when they are too much together. */
const warningLimits = { length: 256, count: 12 };

/** The review that answers the request of this uid, ready to be sent as JSON. */
export function reviewResponse(uid: string, decision: AdmissionDecision): object {
  return { apiVersion: reviewVersion, kind: 'AdmissionReview', response: { uid, ...responseOf(decision) } };
}

function responseOf(decision: AdmissionDecision): object {
  if (!decision.allowed) {
    const { code, message } = decision;
    return { allowed: false, status: { status: 'Failure', code, message } };
  }
  const { patch, warnings } = decision;
  return {
    allowed: true,
    ...(patch.length > 0 && {
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch), 'utf8').toString('base64'),
    }),
    ...(warnings.length > 0 && { warnings: warnings.slice(0, warningLimits.count).map(asWarning) }),
  };
}

/** An API server refuses control characters. Cut between characters, never in one. */
function asWarning(message: string): string {
  const line = `fairlead: ${message}`.replaceAll(/[\p{Cc}\s]+/gu, ' ');
  if (line.length <= warningLimits.length) return line;
  const start = Array.from(line.slice(0, warningLimits.length)).slice(0, -1);
  return `${start.join('')}…`;
}
