import type { Clock, Probe } from '@fairlead/core';

/** A probe's timing with Kubernetes' defaults, where zero and absent mean the default. */
interface Timing {
  readonly delayMs: number;
  readonly periodMs: number;
  readonly successes: number;
  readonly failures: number;
}

/**
 * Processes start in a fraction of the time of containers, so what waits for a first success looks this often, however
 * long the period is.
 */
const eagerPeriodMs = 200;

/** How a probe is watched. */
export interface ProbeWatchOptions {
  /** `eager`: does not wait for the initial delay, and looks often until it succeeds. */
  readonly pace: 'eager' | 'patient';
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Checks once: nothing, or what went wrong. */
  check(timeoutMs: number): Promise<string | undefined>;
  /** The verdict changed, or was reached for the first time. */
  onVerdict(verdict: 'success' | 'failure', problem: string | undefined): void;
}

/** Checks a probe again and again until the signal aborts, and tells each change of the verdict. Never rejects. */
export async function watchProbe(probe: Probe, options: ProbeWatchOptions): Promise<void> {
  const { clock, signal, pace } = options;
  const timing = timingOf(probe);
  const timeoutMs = (probe.timeoutSeconds || 1) * 1000;
  let verdict: 'success' | 'failure' | undefined;
  let run = 0;
  let last: 'success' | 'failure' | undefined;
  try {
    if (pace === 'patient') await clock.sleep(timing.delayMs, { signal });
    while (!signal.aborted) {
      const problem = await options.check(timeoutMs);
      if (signal.aborted) return;
      const outcome = problem === undefined ? 'success' : 'failure';
      run = outcome === last ? run + 1 : 1;
      last = outcome;
      if (outcome !== verdict && run >= (outcome === 'success' ? timing.successes : timing.failures)) {
        verdict = outcome;
        options.onVerdict(outcome, problem);
      }
      const eager = pace === 'eager' && verdict !== 'success';
      await clock.sleep(eager ? Math.min(eagerPeriodMs, timing.periodMs) : timing.periodMs, { signal });
    }
  } catch {
    // The signal aborted a sleep.
  }
}

function timingOf(probe: Probe): Timing {
  return {
    delayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds || 10) * 1000,
    successes: probe.successThreshold || 1,
    failures: probe.failureThreshold || 3,
  };
}
