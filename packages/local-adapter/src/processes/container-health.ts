import type { Clock, Probe } from '@fairlead/core';
import type { ContainerHandlers } from './container-handlers.ts';
import type { ContainerPlan } from './container-plan.ts';
import { watchProbe } from './probe-watch.ts';

/** What a container's health leads to. */
export interface HealthActions {
  /** It serves, or serves no longer. */
  ready(ready: boolean, problem: string | undefined): void;
  /** It must be ended, so that it starts anew. */
  restart(problem: string): void;
  /** Something a user would want to know. */
  remark(text: string): void;
}

/** Who has no readiness probe and listens nowhere counts as ready after this time. */
const listenLimitMs = 10_000;
const listenPeriodMs = 50;
const hookTimeoutMs = 30_000;

/** Watches the probes of a container that runs. */
export class ContainerHealth {
  readonly #plan: ContainerPlan;
  readonly #handlers: ContainerHandlers;
  readonly #clock: Clock;
  readonly #actions: HealthActions;

  constructor(plan: ContainerPlan, handlers: ContainerHandlers, clock: Clock, actions: HealthActions) {
    this.#plan = plan;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#actions = actions;
  }

  /** Runs the `postStart` hook, then the startup probe, then liveness and readiness until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const { container } = this.#plan;
    const hook = container.lifecycle?.postStart;
    const problem = hook && (await this.#handlers.check(hook, hookTimeoutMs));
    if (problem !== undefined) {
      this.#actions.restart(`postStart hook failed: ${problem}`);
      return;
    }
    if (container.startupProbe && !(await this.#untilStarted(container.startupProbe, signal))) return;
    await Promise.all([
      container.livenessProbe && this.#watchLiveness(container.livenessProbe, signal),
      container.readinessProbe ? this.#watchReadiness(container.readinessProbe, signal) : this.#untilListening(signal),
    ]);
  }

  async #untilStarted(probe: Probe, signal: AbortSignal): Promise<boolean> {
    const periodMs = (probe.periodSeconds || 10) * 1000;
    const limitMs = (probe.initialDelaySeconds ?? 0) * 1000 + periodMs * (probe.failureThreshold || 3);
    const found = new AbortController();
    let last = 'no answer';
    using _limit = this.#clock.after(limitMs, () => this.#actions.restart(`startup probe failed: ${last}`));
    await watchProbe(probe, {
      pace: 'eager',
      clock: this.#clock,
      signal: AbortSignal.any([signal, found.signal]),
      check: async (timeoutMs) => {
        const problem = await this.#handlers.check(probe, timeoutMs);
        last = problem ?? last;
        return problem;
      },
      onVerdict: (verdict) => {
        if (verdict === 'success') found.abort();
      },
    });
    return found.signal.aborted && !signal.aborted;
  }

  async #watchLiveness(probe: Probe, signal: AbortSignal): Promise<void> {
    await watchProbe(probe, {
      pace: 'patient',
      clock: this.#clock,
      signal,
      check: (timeoutMs) => this.#handlers.check(probe, timeoutMs),
      onVerdict: (verdict, problem) => {
        if (verdict === 'failure') this.#actions.restart(`liveness probe failed: ${problem}`);
      },
    });
  }

  async #watchReadiness(probe: Probe, signal: AbortSignal): Promise<void> {
    let isReady = false;
    const tell = (ready: boolean, problem: string | undefined): void => {
      isReady = ready;
      this.#actions.ready(ready, problem === undefined ? undefined : `readiness probe failed: ${problem}`);
    };
    await watchProbe(probe, {
      pace: 'eager',
      clock: this.#clock,
      signal,
      check: async (timeoutMs) => {
        const problem = await this.#handlers.check(probe, timeoutMs);
        if (problem !== undefined && !isReady && !signal.aborted) tell(false, problem);
        return problem;
      },
      onVerdict: (verdict, problem) => tell(verdict === 'success', problem),
    });
  }

  async #untilListening(signal: AbortSignal): Promise<void> {
    const until = this.#clock.now() + listenLimitMs;
    for (const port of this.#plan.servedPorts) {
      while (!signal.aborted) {
        const problem = await this.#handlers.checkInside(port, 1_000);
        if (problem === undefined) break;
        if (this.#clock.now() > until) {
          this.#actions.remark(`nobody listens on port ${port.port} (${problem}); does it use the address in HOST?`);
          break;
        }
        await this.#clock.sleep(listenPeriodMs, { signal }).catch(() => {});
      }
    }
    if (!signal.aborted) this.#actions.ready(true, undefined);
  }
}
