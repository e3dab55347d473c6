import { FairleadError } from '../errors.ts';
import type { Pod } from '../model/pod.ts';
import { formatWorkload, type Workload } from '../model/workload.ts';
import type { Clock } from '../ports/clock.ts';
import type { Rollout } from '../ports/rollout.ts';

/** What a {@link RolloutTask} needs. */
export interface RolloutTaskOptions {
  readonly rollout: Rollout;
  readonly clock: Clock;
  /** How long it may go without replacing a pod, in milliseconds. */
  readonly patienceMs: number;
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
