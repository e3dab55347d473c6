import type { SerializedError } from '../errors.ts';
import type { SelectedConnection } from '../model/intercept.ts';
import type { WorkloadKey } from '../model/workload.ts';

/** What an intercept turned out to mean. */
export interface InterceptPlan {
  readonly workload: WorkloadKey;
  readonly connections: readonly SelectedConnection[];
}

/** How many of the workload's ready pods are with us. */
export interface Replicas {
  /** Ready pods whose agent is connected. */
  readonly arrived: number;
  /** Ready pods whose agent has acknowledged an epoch with this intercept in it. */
  readonly acked: number;
  /** Ready pods. */
  readonly total: number;
}

/** A reason for agents not to come, and since when it is seen. */
export interface Suspicion {
  readonly error: SerializedError;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Asked for, not looked at. */
export interface RequestedState {
  readonly phase: 'requested';
  /** Milliseconds since the epoch, as in every state. */
  readonly since: number;
}

/** Clear and granted. */
export interface PlannedState {
  readonly phase: 'planned';
  readonly since: number;
  readonly plan: InterceptPlan;
  /** The config in the store is the planned one. */
  readonly stored: boolean;
}

/** Pods are being replaced. */
export interface RollingOutState {
  readonly phase: 'rolling-out';
  readonly since: number;
  readonly plan: InterceptPlan;
  readonly done: number;
  readonly total: number;
  readonly suspicion?: Suspicion;
}

/** Waiting for agents to arrive and acknowledge, and for the session's tunnel. */
export interface WaitingState {
  readonly phase: 'waiting';
  readonly since: number;
  readonly plan: InterceptPlan;
  readonly replicas: Replicas;
  /** The agents were all there once, and have been told. */
  readonly engaged: boolean;
  /** When agents that still do not do their part are given up. */
  readonly deadline: number;
  readonly suspicion?: Suspicion;
}

/** Every ready agent diverts, and the session takes. */
export interface ActiveState {
  readonly phase: 'active';
  readonly since: number;
  readonly plan: InterceptPlan;
  readonly replicas: Replicas;
}

/** Was active; some agent or the session is not there at present. */
export interface InterruptedState {
  readonly phase: 'interrupted';
  readonly since: number;
  readonly plan: InterceptPlan;
  readonly replicas: Replicas;
  readonly error: SerializedError;
}

/** Over; nothing leads out of here. */
export type EndedState =
  | { readonly phase: 'released'; readonly since: number }
  | { readonly phase: 'refused'; readonly since: number; readonly error: SerializedError }
  | {
      readonly phase: 'failed';
      readonly since: number;
      readonly error: SerializedError;
      readonly plan?: InterceptPlan;
    };

/** Where an intercept stands. */
export type InterceptState =
  | RequestedState
  | PlannedState
  | RollingOutState
  | WaitingState
  | ActiveState
  | InterruptedState
  | EndedState;

/** Nothing can happen to it any more. */
export function isEnded(state: InterceptState): state is EndedState {
  return state.phase === 'released' || state.phase === 'refused' || state.phase === 'failed';
}

/** It was granted and has not ended, so it stands in the way of others. */
export function isGranted(state: InterceptState): state is Exclude<InterceptState, RequestedState | EndedState> {
  return state.phase !== 'requested' && !isEnded(state);
}

/** Its preparation is not proven: no full set of agents has been seen since it was planned. */
export function isPreparing(state: InterceptState): state is PlannedState | RollingOutState | WaitingState {
  return state.phase === 'planned' || state.phase === 'rolling-out' || (state.phase === 'waiting' && !state.engaged);
}

/** Agents are to divert for it. */
export function isServed(state: InterceptState): state is WaitingState | ActiveState | InterruptedState {
  return state.phase === 'active' || state.phase === 'interrupted' || (state.phase === 'waiting' && state.engaged);
}
