import { FairleadError } from '../errors.ts';
import type { InterceptStatus } from '../model/intercept.ts';
import type { InterceptState } from './intercept-state.ts';
import { type LifecycleLimits, lifecycleDefaults } from './reduce-intercept.ts';

/**
 * The state in which a control plane that has just started takes an intercept over. What was once prepared is not
 * prepared again; what is said to be active is not believed before it is seen; a preparation that was cut short begins
 * anew.
 */
export function adoptIntercept(
  status: InterceptStatus,
  now: number,
  limits: LifecycleLimits = lifecycleDefaults,
): InterceptState {
  const since = Date.parse(status.since) || now;
  const { workload, connections, error } = status;
  const plan = workload && connections ? { workload, connections } : undefined;
  const unknown = new FairleadError('internal', `the intercept was ${status.phase} for an unknown reason`).serialize();
  const nobody = { arrived: 0, acked: 0, total: 0 };
  switch (status.phase) {
    case 'released':
      return { phase: 'released', since };
    case 'refused':
      return { phase: 'refused', since, error: error ?? unknown };
    case 'failed':
      return { phase: 'failed', since, error: error ?? unknown, ...(plan && { plan }) };
    case 'waiting':
      if (!plan) return { phase: 'requested', since };
      return {
        phase: 'waiting',
        since,
        plan,
        replicas: nobody,
        engaged: false,
        deadline: now + limits.agentArrivalMs,
      };
    case 'active':
    case 'interrupted':
      if (!plan) return { phase: 'requested', since };
      return { phase: 'interrupted', since: now, plan, replicas: nobody, error: notSeen() };
    case 'requested':
    case 'planned':
    case 'rolling-out':
      return { phase: 'requested', since };
  }
}

function notSeen(): ReturnType<FairleadError['serialize']> {
  const message = 'the control plane has just started and has not seen agents and session yet';
  return new FairleadError('connection-lost', message, { phase: 'agents' }).serialize();
}
