import type { InterceptState } from '../lifecycle/intercept-state.ts';
import type { LifecycleLimits } from '../lifecycle/reduce-intercept.ts';

/** When time alone may change one of these states, in milliseconds since the epoch; undefined: it does not. */
export function nextDeadline(
  states: readonly InterceptState[],
  now: number,
  limits: Pick<LifecycleLimits, 'patienceMs'>,
): number | undefined {
  const times = states.flatMap((state) => {
    if (state.phase !== 'waiting' && state.phase !== 'rolling-out') return [];
    const patience = state.suspicion ? [state.suspicion.since + limits.patienceMs] : [];
    return state.phase === 'waiting' ? [state.deadline, ...patience] : patience;
  });
  const ahead = times.filter((time) => time > now);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}
