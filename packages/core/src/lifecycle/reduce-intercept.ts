import { FairleadError, type SerializedError } from '../errors.ts';
import { sameData } from '../same-data.ts';
import {
  type ActiveState,
  type InterceptPlan,
  type InterceptState,
  type InterruptedState,
  isEnded,
  isGranted,
  isPreparing,
  isServed,
  type Replicas,
  type RollingOutState,
  type Suspicion,
  type WaitingState,
} from './intercept-state.ts';

/** Something became known about an intercept. Facts that no longer fit the state are ignored. */
export type InterceptEvent =
  /** It is clear what is meant, it is allowed, and nobody stands in the way. */
  | { readonly type: 'planned'; readonly plan: InterceptPlan }
  /** The workload or its services changed, and with them the connections. */
  | { readonly type: 'replanned'; readonly plan: InterceptPlan }
  /** The config in the store is the planned one. */
  | { readonly type: 'stored' }
  /** So many of the pods that differ have been replaced. */
  | { readonly type: 'rolling-out'; readonly done: number; readonly total: number }
  /** Every pod carries the config; so many of their agents are there already. */
  | { readonly type: 'rolled-out'; readonly replicas: Replicas }
  /** A look at agents, session and pods. */
  | { readonly type: 'observed'; readonly observation: Observation }
  | { readonly type: 'refused'; readonly error: SerializedError }
  | { readonly type: 'failed'; readonly error: SerializedError }
  /** The holder gave it back, or was lost for good. */
  | { readonly type: 'released' };

/** How things are at one moment. */
export interface Observation {
  /** The session's tunnel is up. */
  readonly sessionUp: boolean;
  readonly replicas: Replicas;
  /** Why agents do not come, as far as the pods tell. */
  readonly problem?: ObservedProblem;
}

/** What keeps agents away. */
export interface ObservedProblem {
  readonly error: SerializedError;
  /** It does not go away by waiting: a preparation need not wait for its time limit. */
  readonly decisive: boolean;
}

/** What is to be done after a transition. */
export type InterceptEffect =
  /** Write the new state where the session sees it. */
  | 'report'
  /** Make the stored config and the pods what the plan says. */
  | 'prepare'
  /** What agents are to serve has changed. */
  | 'assign'
  /** The preparation came to nothing: leave the workload as it was, unless others need what was stored. */
  | 'take-back';

/** The times that decide transitions. */
export interface LifecycleLimits {
  /** How long agents may take to arrive, and then to acknowledge. Default 60 000. */
  readonly agentArrivalMs: number;
  /** How long a decisive problem must be seen before it ends a preparation. Default 10 000. */
  readonly patienceMs: number;
}

/** The limits that hold unless others are given. */
export const lifecycleDefaults: LifecycleLimits = { agentArrivalMs: 60_000, patienceMs: 10_000 };

/** A state and what is to be done about it. */
export interface Transition {
  readonly state: InterceptState;
  readonly effects: readonly InterceptEffect[];
}

/**
 * What follows from an event. Pure: `now` is milliseconds since the epoch. Active is observed, never remembered: it
 * takes the session's tunnel and an acknowledgement of every ready pod, and goes when one of them goes.
 */
export function reduceIntercept(
  state: InterceptState,
  event: InterceptEvent,
  now: number,
  limits: LifecycleLimits = lifecycleDefaults,
): Transition {
  if (isEnded(state)) return stay(state);
  switch (event.type) {
    case 'planned':
      if (state.phase !== 'requested') return stay(state);
      return to({ phase: 'planned', since: now, plan: event.plan, stored: false }, 'report', 'prepare');
    case 'replanned':
      if (!isGranted(state) || sameData(state.plan, event.plan)) return stay(state);
      return to({ ...state, plan: event.plan }, 'report', ...(isServed(state) ? (['assign'] as const) : []));
    case 'stored':
      if (state.phase !== 'planned' || state.stored) return stay(state);
      return to({ ...state, stored: true }, 'report');
    case 'rolling-out':
      return rollingOut(state, event.done, event.total, now);
    case 'rolled-out':
      if (state.phase !== 'planned' && state.phase !== 'rolling-out') return stay(state);
      return to(waitFor(state.plan, event.replicas, now, limits), 'report');
    case 'observed':
      return observe(state, event.observation, now, limits);
    case 'refused':
      if (state.phase !== 'requested' && state.phase !== 'planned') return stay(state);
      return to({ phase: 'refused', since: now, error: event.error }, 'report');
    case 'failed':
      return fail(state, event.error, now);
    case 'released':
      return to({ phase: 'released', since: now }, ...undo(state));
  }
}

function stay(state: InterceptState): Transition {
  return { state, effects: [] };
}

function to(state: InterceptState, ...effects: InterceptEffect[]): Transition {
  return { state, effects };
}

function rollingOut(state: InterceptState, done: number, total: number, now: number): Transition {
  if (state.phase === 'rolling-out') {
    if (state.done === done && state.total === total) return stay(state);
    return to({ ...state, done, total }, 'report');
  }
  if (state.phase !== 'planned') return stay(state);
  return to({ phase: 'rolling-out', since: now, plan: state.plan, done, total }, 'report');
}

function waitFor(plan: InterceptPlan, replicas: Replicas, now: number, limits: LifecycleLimits): WaitingState {
  return { phase: 'waiting', since: now, plan, replicas, engaged: false, deadline: now + limits.agentArrivalMs };
}

function fail(state: InterceptState, error: SerializedError, now: number): Transition {
  const plan = isGranted(state) ? { plan: state.plan } : {};
  return to({ phase: 'failed', since: now, error, ...plan }, 'report', ...undo(state));
}

/** What an end leaves to be done. */
function undo(state: InterceptState): readonly InterceptEffect[] {
  if (isPreparing(state)) return ['take-back'];
  return isServed(state) ? ['assign'] : [];
}

function observe(state: InterceptState, seen: Observation, now: number, limits: LifecycleLimits): Transition {
  if (state.phase === 'rolling-out') return observeRollingOut(state, seen, now, limits);
  if (state.phase === 'waiting') return observeWaiting(state, seen, now, limits);
  if (state.phase === 'active') {
    return isComplete(seen) ? refresh(state, seen) : to(interrupt(state.plan, seen, now), 'report');
  }
  if (state.phase !== 'interrupted') return stay(state);
  const { plan } = state;
  if (isComplete(seen)) return to({ phase: 'active', since: now, plan, replicas: seen.replicas }, 'report');
  return refresh({ ...state, error: whyInterrupted(seen) }, seen, state);
}

function observeRollingOut(
  state: RollingOutState,
  seen: Observation,
  now: number,
  limits: LifecycleLimits,
): Transition {
  const suspicion = suspect(state, seen, now);
  const proven = provenProblem(suspicion, now, limits);
  if (proven) return fail(state, proven, now);
  return stay({ ...withoutSuspicion(state), ...(suspicion && { suspicion }) });
}

function observeWaiting(state: WaitingState, seen: Observation, now: number, limits: LifecycleLimits): Transition {
  const { replicas } = seen;
  const news: readonly InterceptEffect[] = sameData(replicas, state.replicas) ? [] : ['report'];
  if (state.engaged && isComplete(seen)) {
    return to({ phase: 'active', since: now, plan: state.plan, replicas }, 'report');
  }
  const allArrived = replicas.total > 0 && replicas.arrived === replicas.total;
  if (!state.engaged && allArrived && seen.sessionUp) {
    const deadline = now + limits.agentArrivalMs;
    return to({ ...withoutSuspicion(state), replicas, engaged: true, deadline }, ...news, 'assign');
  }
  const suspicion = allArrived ? undefined : suspect(state, seen, now);
  const proven = provenProblem(suspicion, now, limits);
  if (!state.engaged && proven) return fail(state, proven, now);
  const lacking = state.engaged ? replicas.acked < replicas.total || replicas.total === 0 : !allArrived;
  if (lacking && now >= state.deadline) return fail(state, seen.problem?.error ?? notReady(replicas), now);
  const next = { ...withoutSuspicion(state), replicas, ...(suspicion && { suspicion }) };
  return to(next, ...news);
}

function isComplete({ sessionUp, replicas }: Observation): boolean {
  return sessionUp && replicas.total > 0 && replicas.acked === replicas.total;
}

/** The decisive problem that is seen now, with the time since which one is seen. */
function suspect(state: RollingOutState | WaitingState, seen: Observation, now: number): Suspicion | undefined {
  if (!seen.problem?.decisive) return undefined;
  return { error: seen.problem.error, since: state.suspicion?.since ?? now };
}

function provenProblem(
  suspicion: Suspicion | undefined,
  now: number,
  limits: LifecycleLimits,
): SerializedError | undefined {
  return suspicion && now - suspicion.since >= limits.patienceMs ? suspicion.error : undefined;
}

function withoutSuspicion<State extends RollingOutState | WaitingState>(state: State): State {
  const { suspicion: _, ...rest } = state;
  return rest as State;
}

function interrupt(plan: InterceptPlan, seen: Observation, now: number): InterruptedState {
  return { phase: 'interrupted', since: now, plan, replicas: seen.replicas, error: whyInterrupted(seen) };
}

function whyInterrupted({ sessionUp, replicas, problem }: Observation): SerializedError {
  if (sessionUp) return problem?.error ?? notReady(replicas);
  return new FairleadError('connection-lost', "the session's tunnel is down", { phase: 'tunnel' }).serialize();
}

function notReady({ acked, arrived, total }: Replicas): SerializedError {
  const what =
    total === 0
      ? 'the workload has no ready pod'
      : arrived < total
        ? `${total - arrived} of ${total} ready pods have no connected traffic-agent`
        : `${total - acked} of ${total} traffic-agents have not acknowledged`;
  return new FairleadError('agent-not-ready', what, { phase: 'agents' }).serialize();
}

function refresh(
  state: ActiveState | InterruptedState,
  { replicas }: Observation,
  before: ActiveState | InterruptedState = state,
): Transition {
  const next = { ...state, replicas };
  return sameData(next, before) ? stay(before) : to(next, 'report');
}
