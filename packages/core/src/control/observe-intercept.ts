import { FairleadError } from '../errors.ts';
import type { Observation, ObservedProblem } from '../lifecycle/reduce-intercept.ts';
import type { AgentCrew } from './agent-crew.ts';
import type { ServedIntercept } from './assigned-ports.ts';
import { problemOf, servingPods } from './observe-pods.ts';
import { workloadNotFound } from './workload-not-found.ts';
import type { WorkloadView } from './workload-view.ts';

/** How things are for one intercept, as seen in its workload's pods and agents. */
export function observeIntercept(
  intercept: ServedIntercept,
  view: WorkloadView,
  crew: AgentCrew,
  sessionUp: boolean,
): Observation {
  const pods = servingPods(view.pods);
  const problem = findProblem(view, crew);
  return {
    sessionUp,
    replicas: {
      arrived: pods.filter(({ uid }) => crew.hasArrived(uid, intercept)).length,
      acked: pods.filter(({ uid }) => crew.hasAcknowledged(uid, intercept)).length,
      total: pods.length,
    },
    ...(problem && { problem }),
  };
}

function findProblem(view: WorkloadView, crew: AgentCrew): ObservedProblem | undefined {
  if (!view.workload) {
    return { error: workloadNotFound(view.key).serialize(), decisive: false };
  }
  const { failure } = crew;
  const ofPods = problemOf(view.pods, view.entry?.config.hash);
  if (ofPods || !failure) return ofPods;
  const message = `the traffic-agent of pod ${failure.pod} does not do its part: ${failure.message}`;
  return { error: new FairleadError('agent-not-ready', message, { phase: 'agents' }).serialize(), decisive: false };
}
