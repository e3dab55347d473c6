import type { InterceptProgress, InterceptStatus } from '../model/intercept.ts';
import type { InterceptState } from './intercept-state.ts';

/** The state as the session and other people are shown it. */
export function statusOf(state: InterceptState): InterceptStatus {
  const since = new Date(state.since).toISOString();
  const progress = progressOf(state);
  return {
    phase: state.phase,
    since,
    ...('plan' in state && state.plan),
    ...(progress && { progress }),
    ...('replicas' in state && { replicas: { ready: state.replicas.acked, total: state.replicas.total } }),
    ...('error' in state && { error: state.error }),
  };
}

function progressOf(state: InterceptState): InterceptProgress | undefined {
  if (state.phase === 'planned') return { stage: state.stored ? 'stored' : 'planned', done: 1, total: 1 };
  if (state.phase === 'rolling-out') return { stage: 'rolling-out', done: state.done, total: state.total };
  if (state.phase !== 'waiting') return undefined;
  return { stage: 'agents', done: state.replicas.arrived, total: state.replicas.total };
}
