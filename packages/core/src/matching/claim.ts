import type { TransportProtocol } from '../model/agent-config.ts';
import type { InterceptMode } from '../model/intercept.ts';
import type { Match } from '../model/match.ts';
import { compareText, type WorkloadKey } from '../model/workload.ts';
import { specificityOf } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';

/** What an intercept or wiretap lays hold of, as far as others are concerned. */
export interface Claim {
  /** The intercept's name: what `fairlead leave` takes, and the last word in any order. */
  readonly id: string;
  readonly mode: InterceptMode;
  /** Absent: all traffic of the ports (`tcp`). */
  readonly match?: Match;
  readonly workload: WorkloadKey;
  readonly ports: readonly ClaimedPort[];
  /** ISO 8601: since when it is held. */
  readonly since: string;
  /** Shown to others. */
  readonly user: string;
  readonly sessionId: string;
  /** Shown to others: `ada@laptop, pid 4711`. */
  readonly sessionLabel: string;
}

/** A port of the workload's containers. */
export interface ClaimedPort {
  readonly containerPort: number;
  readonly protocol: TransportProtocol;
}

/**
 * The claims in the order in which they are asked for a request: more terms first, then the older, then by id. The
 * same on every replica, whatever order they come in. A claim without a match has no terms, so it comes last.
 */
export function orderRoutes(claims: readonly Claim[]): Claim[] {
  const ranked = claims.map((claim) => ({
    claim,
    terms: claim.match ? specificityOf(conditionOf(claim.match)) : 0,
  }));
  return ranked.sort((a, b) => b.terms - a.terms || compareAge(a.claim, b.claim)).map(({ claim }) => claim);
}

/** Sorts the older first; of the same age, by id. */
export function compareAge(a: Claim, b: Claim): number {
  const [born, other] = [timeOf(a), timeOf(b)];
  return born === other ? compareText(a.id, b.id) : born < other ? -1 : 1;
}

/** A time that cannot be read counts as the newest, so that nobody gains by it. */
function timeOf(claim: Claim): number {
  const time = Date.parse(claim.since);
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}
