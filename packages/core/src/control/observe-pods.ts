import { FairleadError } from '../errors.ts';
import type { ObservedProblem } from '../lifecycle/reduce-intercept.ts';
import type { Pod, PodProblem } from '../model/pod.ts';

/** Causes that do not go away by waiting. A pod that cannot be scheduled now may well be in a minute. */
const decisiveCauses: ReadonlySet<PodProblem['cause']> = new Set(['image-pull', 'quota', 'admission', 'config']);

/** The pods that answer for the workload: running, ready, and not on their way out. */
export function servingPods(pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => pod.ready && !pod.deleting && pod.phase === 'Running');
}

/**
 * Why agents do not come, as far as the pods tell: the first decisive cause, else the first cause. Pods with the wanted
 * config speak first; pods that are on their way out do not.
 */
export function problemOf(pods: readonly Pod[], wantedHash: string | undefined): ObservedProblem | undefined {
  const troubled = pods
    .filter((pod) => pod.problem && !pod.ready && !pod.deleting)
    .sort((a, b) => Number(b.configHash === wantedHash) - Number(a.configHash === wantedHash));
  const worst = troubled.find(isDecisive) ?? troubled[0];
  if (!worst?.problem) return undefined;
  const { cause, message } = worst.problem;
  const error = new FairleadError('agent-not-ready', `pod ${worst.name} does not become ready: ${cause}: ${message}`, {
    phase: 'agents',
  });
  return { error: error.serialize(), decisive: isDecisive(worst) && worst.configHash === wantedHash };
}

function isDecisive(pod: Pod): boolean {
  return pod.problem !== undefined && decisiveCauses.has(pod.problem.cause);
}
