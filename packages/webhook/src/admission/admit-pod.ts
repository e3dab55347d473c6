import { FairleadError, formatWorkload, type Injector, injectionWanted, type Workload } from '@fairlead/core';
import { withTimeLimit } from '../time-limit.ts';
import type { AdmissionDecision } from './admission-decision.ts';
import type { AdmissionRequest } from './admission-request.ts';
import { type AdmittedPod, admittedPod, controllerOf } from './admitted-pod.ts';
import { type CurrentConfig, currentConfig } from './current-config.ts';
import { errorOf } from './error-of.ts';
import type { PodAdmissionOptions, PodAdmissionParts } from './pod-admission-parts.ts';

/**
 * What came of a pod. `injected`: it gets the agent, or another one. `unchanged`: it is as it should be. `not-asked`:
 * neither annotation nor entry. `disabled`, `manual`: its author says so. `excluded`: its namespace is. `stopped`: agents
 * are being taken away. `no-workload`: it belongs to none that can be intercepted. `not-created`: it is there already.
 * `failed-open`: it should have got an agent, and runs without.
 */
export type PodOutcome =
  | 'injected'
  | 'unchanged'
  | 'not-asked'
  | 'disabled'
  | 'manual'
  | 'excluded'
  | 'stopped'
  | 'no-workload'
  | 'not-created'
  | 'failed-open';

/** The decision about a pod, and how it came about. */
export interface PodVerdict {
  /** Always allows: an injector must not keep anybody's pods from starting. */
  readonly decision: Extract<AdmissionDecision, { readonly allowed: true }>;
  readonly outcome: PodOutcome;
  /** Once it is known. */
  readonly workload?: Workload;
  /** Why it failed, or why the config may be out of date. */
  readonly problem?: FairleadError;
}

const defaultLimitMs = 4_000;

/**
 * Decides what a new pod looks like. Never rejects and never refuses a pod: whatever goes wrong, takes too long or is not
 * possible is a warning in the answer, and the pod stays as it is. Writes nothing for a dry run.
 */
export async function admitPod(
  request: AdmissionRequest,
  parts: PodAdmissionParts,
  options: PodAdmissionOptions = {},
): Promise<PodVerdict> {
  try {
    const { limitMs = defaultLimitMs, signal } = options;
    const limit = { clock: parts.clock, ms: limitMs, doing: 'decide about the pod', signal };
    return await withTimeLimit(limit, (limited) => decide(request, parts, limited));
  } catch (thrown) {
    return failedOpen(errorOf(thrown));
  }
}

async function decide(request: AdmissionRequest, parts: PodAdmissionParts, signal: AbortSignal): Promise<PodVerdict> {
  const { namespace } = request;
  if (!isNewPod(request)) return left('not-created');
  if (parts.isStopped?.()) return left('stopped');
  if (!parts.isInjectable(namespace)) return left('excluded');
  const pod = admittedPod(request);
  const wish = injectionWanted(pod.metadata.annotations, false);
  if (!wish.inject && wish.reason === 'bad-annotation') throw new FairleadError('bad-request', wish.message);
  if (!wish.inject && wish.reason !== 'not-asked') return left(wish.reason);
  const workload = controllerOf(pod) && (await parts.ownerWorkload(pod, namespace, { signal }));
  if (workload) return await decideFor(workload, { pod, isAsked: wish.inject, dryRun: request.dryRun, signal }, parts);
  if (wish.inject) throw new FairleadError('unsupported', 'no workload of a kind that can be intercepted owns the pod');
  return left('no-workload');
}

/** A pod that may want an agent. */
interface Candidate {
  readonly pod: AdmittedPod;
  readonly isAsked: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

async function decideFor(workload: Workload, candidate: Candidate, parts: PodAdmissionParts): Promise<PodVerdict> {
  const { pod, isAsked, signal } = candidate;
  try {
    const entry = await parts.store.read(workload, { signal });
    if (!isAsked && !entry) return left('not-asked', workload);
    if (entry?.config.manual) return left('manual', workload);
    if (pod.spec.hostNetwork) throw new FairleadError('host-network', "the pod uses the host's network");
    const current = await currentConfig({ ...candidate, workload, entry }, parts);
    if (!current) return left('not-asked', workload);
    if (current.config.manual) return left('manual', workload);
    return inject(pod, workload, current, parts.injector);
  } catch (thrown) {
    return failedOpen(errorOf(thrown), workload);
  }
}

function inject(pod: AdmittedPod, workload: Workload, current: CurrentConfig, injector: Injector): PodVerdict {
  const { patch, warnings } = injector.inject(pod, current.config);
  const { problem } = current;
  return {
    decision: {
      allowed: true,
      patch,
      warnings: [
        ...(problem
          ? [`the stored agent config of ${formatWorkload(workload)} was not renewed: ${problem.message}`]
          : []),
        ...warnings.map(({ message }) => message),
      ],
    },
    outcome: patch.length > 0 ? 'injected' : 'unchanged',
    workload,
    ...(problem && { problem }),
  };
}

function isNewPod({ operation, resource, subResource }: AdmissionRequest): boolean {
  return operation === 'CREATE' && resource.group === '' && resource.resource === 'pods' && subResource === '';
}

function left(outcome: PodOutcome, workload?: Workload): PodVerdict {
  return { decision: { allowed: true, patch: [], warnings: [] }, outcome, ...(workload && { workload }) };
}

function failedOpen(problem: FairleadError, workload?: Workload): PodVerdict {
  const warnings = [`the pod gets no traffic-agent: ${problem.message}`];
  return {
    decision: { allowed: true, patch: [], warnings },
    outcome: 'failed-open',
    ...(workload && { workload }),
    problem,
  };
}
