import { FairleadError } from '../errors.ts';
import type { InterceptPlan } from '../lifecycle/intercept-state.ts';
import { arbitrate } from '../matching/arbitrate.ts';
import type { Claim } from '../matching/claim.ts';
import { parseMatch } from '../matching/parse-match.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { InterceptRecord } from '../model/intercept.ts';
import type { Service } from '../model/service.ts';
import type { Workload, WorkloadKey } from '../model/workload.ts';
import type { PlanOptions } from '../planning/plan-options.ts';
import { selectAll } from '../planning/select-connections.ts';
import { unfitFor } from '../planning/unfit-traffic.ts';
import type { IdentityProvider } from '../ports/identity-provider.ts';
import { checkRight } from './check-right.ts';
import { claimOf } from './claim-of.ts';
import { desiredConfig } from './desired-config.ts';
import type { PortCalls } from './port-calls.ts';
import { workloadNotFound } from './workload-not-found.ts';

/** What a request is judged by. */
export interface AdmissionContext {
  readonly key: WorkloadKey;
  /** Undefined: it is not there. */
  readonly workload: Workload | undefined;
  readonly services: readonly Service[];
  readonly stored: AgentConfig | undefined;
  readonly settings: PlanOptions;
  /** What is granted already. */
  readonly claims: readonly Claim[];
  readonly identityProvider?: IdentityProvider | undefined;
  readonly calls: PortCalls;
  readonly signal: AbortSignal;
}

/** More selectors than any workload has ports would only be work. */
const maxPorts = 64;

/**
 * Judges a request before anything is touched: right, plan, choice of ports, other holders. Rejects with the reason;
 * nothing is written in any case.
 */
export async function admit(record: InterceptRecord, context: AdmissionContext): Promise<InterceptPlan> {
  const { key, workload, services, stored, settings, claims } = context;
  checkSpec(record);
  if (!workload) throw workloadNotFound(key);
  await checkRight(record, context);
  const desired = desiredConfig(workload, services, stored, settings);
  if (!desired.ok) throw desired.error;
  const selection = selectAll(desired.config, record.spec.ports);
  if (!selection.ok) throw selection.error;
  const unfit = unfitFor(record.spec, selection.connections);
  if (unfit) throw unfit;
  const plan = { workload: key, connections: selection.connections };
  const conflict = arbitrate(claims, claimOf(record, plan));
  if (conflict) throw conflict;
  return plan;
}

function checkSpec({ namespace, spec }: InterceptRecord): void {
  if (spec.workload.namespace !== namespace) {
    const message = `an intercept in namespace ${namespace} cannot be for a workload in ${spec.workload.namespace}`;
    throw new FairleadError('bad-request', message, { phase: 'input' });
  }
  if (spec.ports.length > maxPorts) {
    const message = `an intercept of ${spec.ports.length} ports is asked for, ${maxPorts} are possible`;
    throw new FairleadError('bad-request', message, { phase: 'input' });
  }
  if (spec.match) parseMatch(spec.match);
}
