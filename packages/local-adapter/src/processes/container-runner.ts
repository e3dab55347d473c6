import type { Clock } from '@fairlead/core';
import type { PodNetwork } from '../network/pod-network.ts';
import { ContainerHandlers } from './container-handlers.ts';
import { ContainerHealth } from './container-health.ts';
import type { ContainerPlan } from './container-plan.ts';
import { type ContainerProblem, problemOfEnd } from './container-problem.ts';
import type { LogLine } from './log-line.ts';
import { type ProcessEnd, ProcessGroup } from './process-group.ts';
import { RestartDelay } from './restart-delay.ts';
import type { Watchdog } from './watchdog.ts';

/** What a container's runner needs of its pod. */
export interface RunnerSurroundings {
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  readonly network: PodNetwork;
  /** How long a container that must start anew has to end by itself. */
  readonly graceMs: number;
  log(container: string, stream: LogLine['stream'], text: string): void;
  /** Readiness or the problem changed. */
  onChange(): void;
}

/** Lines of the last output that are looked at to explain a crash. */
const keptWords = 20;

/** Runs a container: starts it, watches its health, starts it again when it ends. */
export class ContainerRunner {
  readonly plan: ContainerPlan;
  readonly #around: RunnerSurroundings;
  readonly #handlers: ContainerHandlers;
  readonly #health: ContainerHealth;
  readonly #stop = new AbortController();
  readonly #delay = new RestartDelay();
  #group: ProcessGroup | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastWords: string[] = [];
  #ready = false;
  #restarts = 0;
  #problem: ContainerProblem | undefined;

  constructor(plan: ContainerPlan, around: RunnerSurroundings) {
    this.plan = plan;
    this.#around = around;
    this.#handlers = new ContainerHandlers(plan, around.network, around.watchdog);
    this.#health = new ContainerHealth(plan, this.#handlers, around.clock, {
      ready: (ready, problem) => this.#become(ready, problem === undefined ? undefined : this.#probeProblem(problem)),
      restart: (problem) => this.#restart(problem),
      remark: (text) => this.#remark(text),
    });
  }

  /** The container serves, as far as its probes know. */
  get ready(): boolean {
    return this.#ready;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Why it does not serve; undefined while nothing speaks against it. */
  get problem(): ContainerProblem | undefined {
    return this.#problem;
  }

  /** The process id of the container's first process, while it runs. */
  get pid(): number | undefined {
    return this.#group?.pid;
  }

  /** Starts it, and starts it again until {@link stop}. */
  start(): void {
    this.#running = this.#runForever();
  }

  /** Runs it until it succeeds once, as init containers do. Resolves at once when it is stopped. */
  async runToCompletion(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { end, ranMs } = await this.#runOnce(async () => {});
      if (end.code === 0 || this.#stop.signal.aborted) return;
      await this.#failed(end, ranMs);
    }
  }

  /** Sends a signal to the container's processes. */
  signal(signal: NodeJS.Signals): void {
    this.#group?.signal(signal);
  }

  /** Runs the `preStop` hook, then SIGTERM, then SIGKILL after what is left of `graceMs`. It is not started again. */
  async stop(graceMs: number): Promise<void> {
    const { clock } = this.#around;
    const before = clock.now();
    const hook = this.#stop.signal.aborted ? undefined : this.plan.container.lifecycle?.preStop;
    this.#stop.abort();
    if (this.#group && hook && graceMs > 0) {
      const problem = await this.#handlers.check(hook, graceMs);
      if (problem !== undefined) this.#remark(`preStop hook failed: ${problem}`);
    }
    await this.#group?.stop(Math.max(0, graceMs - (clock.now() - before)));
    await this.#running;
  }

  async #runForever(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { end, ranMs } = await this.#runOnce((signal) => this.#health.watch(signal));
      if (!this.#stop.signal.aborted) await this.#failed(end, ranMs);
    }
  }

  async #runOnce(
    watch: (signal: AbortSignal) => Promise<void>,
  ): Promise<{ readonly end: ProcessEnd; readonly ranMs: number }> {
    const { command, directory, environment, container } = this.plan;
    const { clock, watchdog } = this.#around;
    const startedAt = clock.now();
    this.#lastWords = [];
    const onLine = (stream: 'stdout' | 'stderr', line: string): void => {
      if (stream === 'stderr') this.#lastWords = [...this.#lastWords, line].slice(-keptWords);
      this.#around.log(container.name, stream, line);
    };
    this.#group = ProcessGroup.start({ command, directory, environment, onLine }, watchdog);
    const over = new AbortController();
    const watched = watch(AbortSignal.any([over.signal, this.#stop.signal]));
    const end = await this.#group.ended;
    over.abort();
    await watched;
    this.#become(false, this.#problem);
    return { end, ranMs: clock.now() - startedAt };
  }

  async #failed(end: ProcessEnd, ranMs: number): Promise<void> {
    const { clock, network } = this.#around;
    const problem = problemOfEnd(this.plan.container.name, end, this.#lastWords, network.host);
    this.#restarts++;
    this.#ready = false;
    this.#problem = problem;
    // Also when nothing but the number of restarts is new: it tells how hopeless the case is.
    this.#around.onChange();
    const delayMs = this.#delay.after(ranMs);
    this.#remark(`${problem.message}; it starts again in ${delayMs} ms`);
    await clock.sleep(delayMs, { signal: this.#stop.signal }).catch(() => {});
  }

  #restart(problem: string): void {
    this.#remark(`${problem}; it is started anew`);
    this.#become(false, this.#probeProblem(problem));
    void this.#group?.stop(this.#around.graceMs);
  }

  #probeProblem(said: string): ContainerProblem {
    return { cause: 'probe', code: 'rollout-failed', message: `container ${this.plan.container.name}: ${said}` };
  }

  #remark(text: string): void {
    this.#around.log(this.plan.container.name, 'cluster', text);
  }

  #become(ready: boolean, problem: ContainerProblem | undefined): void {
    const changed = ready !== this.#ready || problem?.message !== this.#problem?.message;
    this.#ready = ready;
    this.#problem = problem;
    if (changed) this.#around.onChange();
  }
}
