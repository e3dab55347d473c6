import { adoptIntercept } from '../lifecycle/adopt-intercept.ts';
import type { InterceptState } from '../lifecycle/intercept-state.ts';
import {
  type InterceptEffect,
  type InterceptEvent,
  type LifecycleLimits,
  reduceIntercept,
} from '../lifecycle/reduce-intercept.ts';
import { statusOf } from '../lifecycle/status-of.ts';
import { type InterceptRecord, type InterceptStatus, interceptId } from '../model/intercept.ts';
import { compareText } from '../model/workload.ts';

/** One intercept as the control plane carries it along. */
export class InterceptRun {
  /** As the registry was last seen to hold it. */
  record: InterceptRecord;
  /** The record is gone; what it leaves is to be undone. */
  isGone = false;
  /** Nothing was looked at since it was taken over. */
  isNew = true;
  readonly #limits: LifecycleLimits;
  #state: InterceptState;

  /** Takes over an intercept in whatever state it is. */
  constructor(record: InterceptRecord, now: number, limits: LifecycleLimits) {
    this.record = record;
    this.#limits = limits;
    this.#state = adoptIntercept(record.status, now, limits);
  }

  /** Unique in the cluster. */
  get id(): string {
    return interceptId(this.record);
  }

  /** Where it stands. */
  get state(): InterceptState {
    return this.#state;
  }

  /** What the registry should say. */
  get status(): InterceptStatus {
    return statusOf(this.#state);
  }

  /** Lets an event happen. What is to be done about it is the caller's. */
  apply(event: InterceptEvent, now: number): readonly InterceptEffect[] {
    const { state, effects } = reduceIntercept(this.#state, event, now, this.#limits);
    this.#state = state;
    return effects;
  }

  /** Begins anew: what it was prepared on is gone. */
  restart(now: number): void {
    this.#state = { phase: 'requested', since: now };
  }
}

/** Sorts the older first; of the same age, by name. */
export function compareRuns(a: InterceptRun, b: InterceptRun): number {
  return Date.parse(a.record.createdAt) - Date.parse(b.record.createdAt) || compareText(a.record.name, b.record.name);
}
