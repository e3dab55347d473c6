import type { Clock } from '@fairlead/core';

/** How many events there may be. */
export interface EventLimits {
  /** So many at once. */
  readonly burst: number;
  /** Then one in so many milliseconds. */
  readonly everyMs: number;
  /** So many workloads are told apart; the one not heard of for longest is forgotten. */
  readonly workloads: number;
}

/** As many as Kubernetes' own components allow themselves for one object. */
export const eventLimits: EventLimits = { burst: 25, everyMs: 300_000, workloads: 1_000 };

/** Allows each workload some events at once, and then a few. */
export class EventBudget {
  readonly #clock: Clock;
  readonly #limits: EventLimits;
  readonly #spent = new Map<string, { readonly left: number; readonly at: number }>();

  constructor(clock: Clock, limits: EventLimits = eventLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Whether there may be one more about this. */
  take(subject: string): boolean {
    const { burst, everyMs, workloads } = this.#limits;
    const now = this.#clock.now();
    const before = this.#spent.get(subject) ?? { left: burst, at: now };
    const regained = Math.floor((now - before.at) / everyMs);
    const left = Math.min(burst, before.left + regained);
    const at = left === burst ? now : before.at + regained * everyMs;
    this.#spent.delete(subject);
    this.#spent.set(subject, { left: Math.max(0, left - 1), at });
    const [oldest] = this.#spent.keys();
    if (this.#spent.size > workloads && oldest !== undefined) this.#spent.delete(oldest);
    return left > 0;
  }
}
