import { FairleadError } from '../errors.ts';
import { type InterceptPlan, type InterceptState, isGranted } from '../lifecycle/intercept-state.ts';
import type { Observation } from '../lifecycle/reduce-intercept.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { InterceptRecord } from '../model/intercept.ts';
import { formatWorkload, type WorkloadKey } from '../model/workload.ts';
import type { StoredConfig } from '../ports/agent-config-store.ts';
import type { Logger } from '../ports/logger.ts';
import { admit } from './admit.ts';
import { AgentCrew } from './agent-crew.ts';
import { ConfigKeeper } from './config-keeper.ts';
import type { ControlContext } from './control-context.ts';
import { controlPlaneDefaults } from './control-plane-options.ts';
import { desiredConfig } from './desired-config.ts';
import { DriftFollower } from './drift-follower.ts';
import { followConfig } from './follow-config.ts';
import { InterceptLedger } from './intercept-ledger.ts';
import type { InterceptRun } from './intercept-run.ts';
import { isRefusal, isTransient } from './kinds-of-failure.ts';
import { Latecomers } from './latecomers.ts';
import { nextDeadline } from './next-deadline.ts';
import { observeIntercept } from './observe-intercept.ts';
import { preferredSettings } from './plan-settings.ts';
import { PodReplacer } from './pod-replacer.ts';
import { workloadNotFound } from './workload-not-found.ts';
import { type ViewPart, WorkloadView } from './workload-view.ts';

/**
 * Brings one workload where its intercepts want it: a level-triggered loop of short steps. Whatever it is woken by, it
 * looks at what is, compares with what should be, and does what is missing; what takes long runs beside it and wakes it.
 */
export class WorkloadControl implements AsyncDisposable {
  readonly key: WorkloadKey;
  readonly ledger: InterceptLedger;
  readonly #context: ControlContext;
  readonly #wake: () => void;
  readonly #log: Logger;
  readonly #view: WorkloadView;
  readonly #keeper: ConfigKeeper;
  readonly #drift: DriftFollower;
  readonly #replacer: PodReplacer;
  readonly #crew: AgentCrew;
  readonly #latecomers = new Latecomers();
  /** The entry as of the last look: it is told from this one whether somebody else changed it. */
  #noted: StoredConfig | undefined;
  #timer: Disposable | undefined;

  /** `wake` asks for a {@link reconcile} soon. */
  constructor(key: WorkloadKey, context: ControlContext, wake: () => void) {
    const { ports, calls, options } = context;
    const { clock } = ports;
    this.key = key;
    this.#context = context;
    this.#wake = wake;
    this.#log = context.logger.child({ namespace: key.namespace, workload: formatWorkload(key) });
    this.ledger = new InterceptLedger(context);
    this.#view = new WorkloadView(key, ports.workloadResolver, ports.agentConfigStore, calls);
    this.#keeper = new ConfigKeeper(this.#view, ports.agentConfigStore, calls);
    this.#drift = new DriftFollower(context, this.#view, this.#keeper, this.#log);
    const patienceMs = options.rolloutPatienceMs ?? controlPlaneDefaults.rolloutPatienceMs;
    this.#replacer = new PodReplacer({
      rollout: ports.rollout,
      clock,
      patienceMs,
      metrics: ports.metrics,
      onChange: wake,
    });
    this.#crew = new AgentCrew({
      fleet: ports.agentFleet,
      clock,
      nextEpoch: context.nextEpoch,
      configOf: (agent) => this.#keeper.configOf(agent.configHash),
      onChange: wake,
    });
  }

  /** Nothing keeps it here: no intercept, no entry, no agent, no rollout. */
  get isIdle(): boolean {
    return this.ledger.isEmpty && !this.#view.entry && this.#crew.size === 0 && !this.#replacer.isBusy;
  }

  /** Has these parts read anew, and wakes. */
  noteChange(...parts: readonly ViewPart[]): void {
    this.#view.markStale(...parts);
    this.#wake();
  }

  /**
   * Does everything that can be done now. Rejects when a port fails; calling again goes on where it stopped. What is
   * prepared already is served also while the cluster or the store do not answer.
   */
  async reconcile(signal: AbortSignal): Promise<void> {
    this.ledger.sweep();
    const failures: unknown[] = [];
    for (const step of [() => this.#prepare(signal), () => this.#serve(signal)]) {
      try {
        await step();
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    this.#setTimer();
    if (failures.length > 0) throw failures[0] as Error;
  }

  /** Stops what is under way and resolves when it has ended. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await Promise.all([this.#replacer[Symbol.asyncDispose](), this.#crew[Symbol.asyncDispose]()]);
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    if (this.#replacer.noteEnd()) this.#view.markStale('pods');
    const parts = await this.#view.refresh(signal);
    if (parts.has('workload') || parts.has('services')) this.#drift.suspect();
    await this.#noteEntry(signal);
    await this.#judgeRequests(signal);
    await this.#store(signal);
    await this.#followDrift(signal);
    this.#noted = this.#view.entry;
    const isLate = this.#latecomers.note(this.#view.pods, this.#view.entry, this.ledger.isPreparing);
    if (isLate && !this.#replacer.isBusy) this.#replacer.request();
    await this.#replacePods(signal);
    await this.#takeBack(signal);
  }

  async #serve(signal: AbortSignal): Promise<void> {
    await this.#assign();
    await this.#observe(signal);
    await this.#assign();
    await this.#takeBack(signal);
    await this.ledger.flush(signal);
  }

  /** What it means that the entry is not as it was. */
  async #noteEntry(signal: AbortSignal): Promise<void> {
    const before = this.#noted;
    const { entry } = this.#view;
    for (const run of this.ledger.runs.filter(({ isNew }) => isNew)) {
      run.isNew = false;
      if (!isGranted(run.state)) continue;
      // Taken over from an earlier control plane, whose rollout may have been cut short.
      if (entry) this.#replacer.request();
      else run.restart(this.#context.ports.clock.now());
    }
    if (entry?.revision === before?.revision) return;
    this.#drift.suspect();
    if (entry) await this.#follow(entry.config, signal);
    else if (before) await this.#endForLackOfEntry(before, signal);
    this.#noted = entry;
  }

  /** Somebody took the agent away: its intercepts end, and its pods are replaced by pods without it. */
  async #endForLackOfEntry(before: StoredConfig, signal: AbortSignal): Promise<void> {
    this.#log.info({}, 'agent config was deleted');
    const message = `the agent config of ${formatWorkload(this.key)} was deleted`;
    const error = new FairleadError('agent-not-ready', message, { phase: 'agents' }).serialize();
    const concerned = this.ledger.runs.filter(({ state }) => isGranted(state) && !isUnstored(state));
    if (!before.config.manual) this.#replacer.request();
    this.#keeper.prove();
    await this.ledger.apply(concerned, { type: 'failed', error }, signal);
  }

  async #judgeRequests(signal: AbortSignal): Promise<void> {
    const requested = this.ledger.runs.filter(({ state }) => state.phase === 'requested');
    for (const run of requested) {
      try {
        const { workload, services, entry } = this.#view;
        const plan = await admit(run.record, {
          key: this.key,
          workload,
          services,
          stored: entry?.config,
          settings: await preferredSettings(this.#context, entry?.config, signal),
          claims: this.ledger.claims,
          identityProvider: this.#context.ports.identityProvider,
          calls: this.#context.calls,
          signal,
        });
        await this.ledger.apply([run], { type: 'planned', plan }, signal);
      } catch (thrown) {
        await this.#end([run], thrown, signal);
      }
    }
  }

  /** Stores what the planned intercepts need. */
  async #store(signal: AbortSignal): Promise<void> {
    if (!this.ledger.due.has('prepare')) return;
    const planned = this.ledger.runs.filter(({ state }) => isUnstored(state));
    try {
      const { workload, services, entry } = this.#view;
      if (!workload) throw workloadNotFound(this.key);
      const desired = desiredConfig(
        workload,
        services,
        entry?.config,
        await preferredSettings(this.#context, entry?.config, signal),
      );
      if (!desired.ok) throw desired.error;
      await this.#keep(desired.config, signal);
      this.#replacer.request();
      await this.ledger.apply(planned, { type: 'stored' }, signal);
    } catch (thrown) {
      await this.#end(planned, thrown, signal);
    }
    this.ledger.due.delete('prepare');
  }

  async #followDrift(signal: AbortSignal): Promise<void> {
    if (this.ledger.isPreparing || this.#replacer.isBusy) return;
    if (!(await this.#drift.follow(!this.ledger.isEmpty, signal)) || !this.#view.entry) return;
    this.#keeper.prove();
    this.#replacer.request();
    await this.#follow(this.#view.entry.config, signal);
  }

  async #replacePods(signal: AbortSignal): Promise<void> {
    const replacement = this.#replacer.advance(this.#view.workload, this.#view.outdatedPods);
    const waiting = this.ledger.runs.filter(({ state }) => awaitsPods(state));
    switch (replacement.kind) {
      case 'idle':
        return;
      case 'running':
        return this.ledger.apply(
          waiting,
          { type: 'rolling-out', done: replacement.done, total: replacement.total },
          signal,
        );
      case 'done':
        for (const run of waiting) {
          if (!isGranted(run.state)) continue;
          const { replicas } = this.#observation(run.record, run.state.plan);
          await this.ledger.apply([run], { type: 'rolled-out', replicas }, signal);
        }
        return;
      case 'failed': {
        const { error } = replacement;
        // Who waited for it is told; others may need it all the same, as when the config followed the cluster.
        const isNeeded = waiting.length === 0 || this.ledger.served.length > 0;
        const isRetried = isNeeded && this.#replacer.retryLater();
        this.#log.warn({ code: error.code, reason: error.message, isRetried }, 'pods could not be replaced');
        return this.ledger.apply(waiting, { type: 'failed', error: error.serialize() }, signal);
      }
    }
  }

  /** Leaves the workload as it was before a preparation that came to nothing. */
  async #takeBack(signal: AbortSignal): Promise<void> {
    const { due } = this.ledger;
    if (!due.has('take-back')) return;
    if (!this.ledger.isPreparing) {
      const isInUse = this.ledger.served.length > 0;
      if (await this.#keeper.takeBack(isInUse, signal)) {
        this.#log.info({}, 'agent config was taken back');
        this.#noted = this.#view.entry;
        await this.#replacer.abort();
        if (this.#view.entry) await this.#follow(this.#view.entry.config, signal);
        this.#replacer.request();
        this.noteChange('pods');
      }
    }
    due.delete('take-back');
  }

  async #assign(): Promise<void> {
    await this.#crew.serve(this.#context.ports.agentFleet.agents(this.key), this.ledger.served);
    this.ledger.due.delete('assign');
  }

  async #observe(signal: AbortSignal): Promise<void> {
    for (const run of this.ledger.runs) {
      const { record, state } = run;
      if (!isGranted(state) || state.phase === 'planned') continue;
      const observation = this.#observation(record, state.plan);
      await this.ledger.apply([run], { type: 'observed', observation }, signal);
      const { arrived, total } = observation.replicas;
      if (total > 0 && arrived === total && this.#view.isServedByCurrentPods) this.#keeper.prove();
    }
  }

  #observation(record: InterceptRecord, plan: InterceptPlan): Observation {
    return observeIntercept({ record, plan }, this.#view, this.#crew, this.#context.isSessionUp(record.session));
  }

  /** Stores a config and lets the intercepts follow it. */
  async #keep(config: AgentConfig, signal: AbortSignal): Promise<void> {
    if (!(await this.#keeper.store(config, signal)) || !this.#view.entry) return;
    await this.#follow(this.#view.entry.config, signal);
  }

  async #follow(config: AgentConfig, signal: AbortSignal): Promise<void> {
    for (const run of this.ledger.runs) {
      const event = followConfig(run, config);
      if (event) await this.ledger.apply([run], event, signal);
    }
  }

  /** Ends these for what was thrown, unless trying again may help: then it is thrown on. */
  async #end(runs: readonly InterceptRun[], thrown: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted || isTransient(thrown)) throw thrown;
    const error = FairleadError.from(thrown, 'internal', `cannot prepare ${formatWorkload(this.key)}`);
    const type = isRefusal(error) ? 'refused' : 'failed';
    await this.ledger.apply(runs, { type, error: error.serialize() }, signal);
  }

  #setTimer(): void {
    const { clock } = this.#context.ports;
    this.#timer?.[Symbol.dispose]();
    const states = this.ledger.runs.map(({ state }) => state);
    const times = [nextDeadline(states, clock.now(), this.#context.limits), this.#replacer.retryAt];
    const due = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    this.#timer = Number.isFinite(due) ? clock.after(due - clock.now(), this.#wake) : undefined;
  }
}

function awaitsPods(state: InterceptState): boolean {
  return state.phase === 'rolling-out' || (state.phase === 'planned' && state.stored);
}

function isUnstored(state: InterceptState): boolean {
  return state.phase === 'planned' && !state.stored;
}
