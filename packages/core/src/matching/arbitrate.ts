import { FairleadError } from '../errors.ts';
import { formatWorkload, sameWorkload } from '../model/workload.ts';
import { type Claim, type ClaimedPort, compareAge } from './claim.ts';
import { subsumes } from './compare-matches.ts';

/**
 * Whether a claim can be granted beside the existing ones. Undefined: yes. Otherwise a `conflict` that names the
 * holder (the oldest, if several stand in the way), since when, and how to free it; it is returned, not thrown.
 *
 * Wiretaps conflict with nothing. An intercept of a port's whole traffic tolerates no other intercept on that port.
 * Personal intercepts share a port unless one's match covers the other's. An existing claim with the wanted one's id is
 * its earlier self.
 */
export function arbitrate(existing: readonly Claim[], wanted: Claim): FairleadError | undefined {
  const rivals = existing.filter((claim) => claim.id !== wanted.id && excludes(claim, wanted));
  const holder = rivals.sort(compareAge)[0];
  return holder && conflict(holder, wanted);
}

function excludes(held: Claim, wanted: Claim): boolean {
  if (held.mode === 'wiretap' || wanted.mode === 'wiretap') return false;
  if (!sameWorkload(held.workload, wanted.workload) || !sharedPort(held, wanted)) return false;
  if (!held.match || !wanted.match) return true;
  return subsumes(held.match, wanted.match) || subsumes(wanted.match, held.match);
}

function sharedPort(a: Claim, b: Claim): ClaimedPort | undefined {
  return a.ports.find((port) =>
    b.ports.some((other) => other.containerPort === port.containerPort && other.protocol === port.protocol),
  );
}

function conflict(held: Claim, wanted: Claim): FairleadError {
  const port = sharedPort(held, wanted);
  const place = `port ${port?.containerPort} of ${formatWorkload(held.workload)}`;
  const own = held.sessionId === wanted.sessionId;
  const who = own ? 'this session' : `${held.user} (${held.sessionLabel})`;
  const message = `${place} is held by ${who} since ${held.since}: intercept ${held.id} ${reason(held, wanted)}`;
  const free = `${own ? 'Run' : `Ask ${held.user} to run`} \`fairlead leave ${held.id}\``;
  const narrow = held.match ? ', or give your intercept a match that neither covers theirs nor is covered by it' : '';
  const wait = own ? '' : ', wait for the lease to end if that session is gone';
  return new FairleadError('conflict', message, {
    phase: 'arbitrate',
    hint: `${free}${wait}${narrow}.`,
    holder: { intercept: held.id, user: held.user, session: held.sessionLabel, since: held.since },
  });
}

function reason(held: Claim, wanted: Claim): string {
  if (!held.match) return 'takes all of its traffic';
  if (!wanted.match) return 'takes a part of its traffic, all of which is asked for';
  return subsumes(held.match, wanted.match)
    ? 'takes every request that is asked for'
    : 'takes only requests that are asked for';
}
