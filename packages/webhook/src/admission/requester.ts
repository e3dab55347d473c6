import { FairleadError, type Identity } from '@fairlead/core';
import type { AdmissionRequest } from './admission-request.ts';

/** How many groups of a requester are kept. More would make an object that nobody can read. */
export const maxGroups = 256;

const maxNameLength = 1024;

/** Who made a request, as it is written into an intercept. */
export interface Requester {
  readonly identity: Identity;
  /** Groups that were left out because there are too many: rights by them are not seen. */
  readonly omittedGroups: number;
}

/** Who made the request, as the API server knows it. Fails with `forbidden` when it does not say. */
export function requesterOf({ user }: AdmissionRequest): Requester {
  if (user.username === '' || user.username.length > maxNameLength) {
    throw new FairleadError('forbidden', 'the API server does not say who asks', { phase: 'input' });
  }
  const groups = [...new Set(user.groups)].filter((group) => group.length <= maxNameLength).slice(0, maxGroups);
  return {
    identity: { user: user.username, groups },
    omittedGroups: new Set(user.groups).size - groups.length,
  };
}
