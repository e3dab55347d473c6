import type { InterceptPlan } from '../lifecycle/intercept-state.ts';
import type { Claim } from '../matching/claim.ts';
import type { InterceptRecord } from '../model/intercept.ts';

/** What a planned intercept lays hold of, for arbitration and for the order of routes. */
export function claimOf(record: InterceptRecord, { workload, connections }: InterceptPlan): Claim {
  const { name, spec, session, requester, createdAt } = record;
  return {
    id: name,
    mode: spec.mode,
    ...(spec.match && { match: spec.match }),
    workload,
    ports: connections.map(({ containerPort, protocol }) => ({ containerPort, protocol })),
    since: createdAt,
    user: requester?.user ?? session.label,
    sessionId: session.id,
    sessionLabel: session.label,
  };
}
