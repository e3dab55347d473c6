import type { Identity } from '../model/identity.ts';
import type { Mechanism } from '../model/intercept.ts';
import type { Permission } from '../ports/identity-provider.ts';

/**
 * Whether this caller may use the mechanism at all. Personal (`http`) intercepts are for callers whose identity is
 * established: several of them share a port, so it must be certain whose is whose. `tcp` is for everybody.
 */
export function mayUseMechanism(identity: Identity | undefined, mechanism: Mechanism): Permission {
  if (mechanism === 'tcp' || identity) return { allowed: true };
  return { allowed: false, missing: 'an established identity, which intercepts with a match need' };
}
