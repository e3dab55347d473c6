import { isEnded, isGranted, isPreparing, isServed } from '../lifecycle/intercept-state.ts';
import type { InterceptEffect, InterceptEvent } from '../lifecycle/reduce-intercept.ts';
import type { Claim } from '../matching/claim.ts';
import { type InterceptRecord, interceptId } from '../model/intercept.ts';
import type { ServedIntercept } from './assigned-ports.ts';
import { claimOf } from './claim-of.ts';
import type { ControlContext } from './control-context.ts';
import { compareRuns, InterceptRun } from './intercept-run.ts';
import { isSameIntercept, writeStatus } from './write-status.ts';

/** The intercepts of one workload: lets events happen to them, and tells the registry what came of it. */
export class InterceptLedger {
  readonly #context: ControlContext;
  readonly #runs = new Map<string, InterceptRun>();
  readonly #unreported = new Set<InterceptRun>();
  /** What transitions ask for and nobody has done yet. */
  readonly due: Set<InterceptEffect> = new Set<InterceptEffect>();

  constructor(context: ControlContext) {
    this.#context = context;
  }

  /** Whether there is any. */
  get isEmpty(): boolean {
    return this.#runs.size === 0;
  }

  /** All of them, oldest first. */
  get runs(): readonly InterceptRun[] {
    return [...this.#runs.values()].sort(compareRuns);
  }

  /** The oldest that has not ended. */
  get holder(): InterceptRecord | undefined {
    return this.runs.find(({ state, isGone }) => !isGone && !isEnded(state))?.record;
  }

  /** What stands in the way of others. */
  get claims(): readonly Claim[] {
    return this.runs.flatMap(({ record, state }) => (isGranted(state) ? claimOf(record, state.plan) : []));
  }

  /** What agents are to serve. */
  get served(): readonly ServedIntercept[] {
    return this.runs.flatMap(({ record, state }) => (isServed(state) ? { record, plan: state.plan } : []));
  }

  /** Whether any preparation is not proven. */
  get isPreparing(): boolean {
    return this.runs.some(({ state }) => isPreparing(state));
  }

  /** The intercept of this id; undefined when it is not here. */
  find(id: string): InterceptRun | undefined {
    return this.#runs.get(id);
  }

  /** Takes an intercept in, or notes what the registry holds by now. */
  put(record: InterceptRecord): void {
    const known = this.#runs.get(interceptId(record));
    if (known && !known.isGone && isSameIntercept(known.record, record)) {
      known.record = record;
      return;
    }
    if (known) this.#release(known);
    const { clock } = this.#context.ports;
    const run = new InterceptRun(record, clock.now(), this.#context.limits);
    this.#runs.set(run.id, run);
    if (run.state.phase !== record.status.phase) this.#unreported.add(run);
  }

  /** Notes that the record is gone; {@link sweep} does what follows. */
  markGone(id: string): void {
    const run = this.#runs.get(id);
    if (run) run.isGone = true;
  }

  /** Releases the intercepts whose records are gone. */
  sweep(): void {
    for (const run of this.runs.filter(({ isGone }) => isGone)) this.#release(run);
  }

  /** Lets an event happen to each of these, and reports what is to be reported at once: every fact is one write. */
  async apply(runs: readonly InterceptRun[], event: InterceptEvent, signal: AbortSignal): Promise<void> {
    for (const run of runs) {
      this.#happen(run, event);
      if (this.#unreported.has(run)) await this.#report(run, signal);
    }
  }

  /** Reports what could not be reported when it happened. */
  async flush(signal: AbortSignal): Promise<void> {
    for (const run of this.#unreported) await this.#report(run, signal);
  }

  #release(run: InterceptRun): void {
    this.#happen(run, { type: 'released' });
    this.#runs.delete(run.id);
    this.#unreported.delete(run);
  }

  #happen(run: InterceptRun, event: InterceptEvent): void {
    const { ports, logger } = this.#context;
    const before = run.state;
    for (const effect of run.apply(event, ports.clock.now())) {
      if (effect === 'report') this.#unreported.add(run);
      else this.due.add(effect);
    }
    const { phase } = run.state;
    if (phase === before.phase) return;
    const { spec, session } = run.record;
    const error = 'error' in run.state ? { code: run.state.error.code, reason: run.state.error.message } : {};
    const fields = { intercept: run.id, workload: spec.workload.name, session: session.id, phase, ...error };
    logger.info(fields, 'intercept changed its phase');
    ports.metrics?.count('fairlead_intercept_phases_total', { phase });
    if (phase === 'active' && before.phase === 'waiting') {
      const took = (ports.clock.now() - Date.parse(run.record.createdAt)) / 1_000;
      ports.metrics?.observe('fairlead_intercept_activation_seconds', Math.max(0, took));
    }
  }

  async #report(run: InterceptRun, signal: AbortSignal): Promise<void> {
    const { ports, calls } = this.#context;
    const status = run.status;
    const written = await writeStatus(ports.interceptRegistry, calls, run.record, status, signal);
    this.#unreported.delete(run);
    if (written) run.record = written;
    else run.isGone = true;
  }
}
