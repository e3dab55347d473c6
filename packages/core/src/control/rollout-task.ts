import { FairleadError } from '../errors.ts';
import type { Pod } from '../model/pod.ts';
import { formatWorkload, type Workload } from '../model/workload.ts';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Rollout } from '../ports/rollout.ts';

/** What a {@link RolloutTask} needs. */
export interface RolloutTaskOptions {
  readonly rollout: Rollout;
  readonly clock: Clock;
  /** How long it may go without replacing a pod, in milliseconds. */
  readonly patienceMs: number;
  /** Default: none. */
  readonly metrics?: Metrics | undefined;
  /** Called after each pod and at the end. */
  readonly onChange: () => void;
}

/** One rollout under way. */
export class RolloutTask implements AsyncDisposable {
  readonly #stop: AbortController = new AbortController();
  readonly #options: RolloutTaskOptions;
  readonly #total: number;
  readonly #run: Promise<void>;
  #done = 0;
  #outcome: 'running' | 'succeeded' | FairleadError = 'running';
  #timer: Disposable | undefined;

  /** Starts to replace the pods. */
  constructor(workload: Workload, pods: readonly Pod[], options: RolloutTaskOptions) {
    this.#options = options;
    this.#total = pods.length;
    this.#run = this.#replace(workload, pods);
  }

  /** Pods replaced, and pods to replace in all. */
  get progress(): { readonly done: number; readonly total: number } {
    return { done: this.#done, total: this.#total };
  }

  /** How it went, or that it is still going. */
  get outcome(): 'running' | 'succeeded' | FairleadError {
    return this.#outcome;
  }

  /** Stops it where it is and resolves when it has ended. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the rollout is no longer wanted'));
    await this.#run;
  }

  async #replace(workload: Workload, pods: readonly Pod[]): Promise<void> {
    const name = formatWorkload(workload);
    this.#watchProgress(name);
    try {
      await this.#options.rollout.replace(workload, pods, {
        signal: this.#stop.signal,
        onProgress: (done) => {
          this.#options.metrics?.count('fairlead_replaced_pods_total');
          this.#done = done;
          this.#watchProgress(name);
          this.#options.onChange();
        },
      });
      this.#outcome = 'succeeded';
    } catch (error) {
      this.#outcome = FairleadError.from(error, 'rollout-failed', `the rollout of ${name} failed`);
    } finally {
      this.#timer?.[Symbol.dispose]();
    }
    // One that is no longer wanted is neither.
    const isStopped = this.#stop.signal.aborted && !(this.#stop.signal.reason instanceof FairleadError);
    const outcome = isStopped ? 'stopped' : this.#outcome === 'succeeded' ? 'succeeded' : 'failed';
    this.#options.metrics?.count('fairlead_rollouts_total', { outcome });
    this.#options.onChange();
  }

  #watchProgress(name: string): void {
    const { clock, patienceMs } = this.#options;
    this.#timer?.[Symbol.dispose]();
    this.#timer = clock.after(patienceMs, () => {
      const message = `the rollout of ${name} replaced no pod for ${patienceMs / 1_000} s (${this.#done} of ${this.#total} done)`;
      this.#stop.abort(new FairleadError('rollout-failed', message, { phase: 'rollout' }));
    });
  }
}
