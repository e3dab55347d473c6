import { abortable } from '../abortable.ts';
import { FairleadError } from '../errors.ts';
import type { Pod } from '../model/pod.ts';
import { formatWorkload, type Workload } from '../model/workload.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Rollout, RolloutOptions, RolloutStrategy } from '../ports/rollout.ts';

/** Where a {@link MemoryRollout} starts and stops pods. */
export interface PodHost {
  /** Starts one more pod of the workload, as its controller would: what is stored now decides about its agent. */
  start(workload: Workload): Promise<Pod>;
  /** Resolves when the pod is ready; rejects when it never will be. */
  untilReady(pod: Pod, options: CallOptions): Promise<void>;
  /** Stops a pod. A pod that is gone already is no error. */
  stop(pod: Pod): void;
  /** Whether the pod is still there. */
  has(pod: Pod): boolean;
}

/** Replaces pods one after the other, successor first. It can be held, stepped and made to fail. */
export class MemoryRollout implements Rollout {
  readonly #host: PodHost;
  readonly #strategy: RolloutStrategy;
  readonly #replaced: string[] = [];
  #steps = Number.POSITIVE_INFINITY;
  readonly #wake: (() => void)[] = [];
  #failure: string | undefined;

  /** `strategy` is what {@link strategyFor} names; the work is the same. Default `surge`. */
  constructor(host: PodHost, strategy: RolloutStrategy = 'surge') {
    this.#host = host;
    this.#strategy = strategy;
  }

  /** The names of the pods that it replaced, oldest first. */
  get replaced(): readonly string[] {
    return this.#replaced;
  }

  strategyFor(_workload: Workload): { readonly strategy: RolloutStrategy; readonly reason: string } {
    return { strategy: this.#strategy, reason: 'pods in memory can be replaced in any way' };
  }

  async replace(workload: Workload, pods: readonly Pod[], options: RolloutOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    for (const [done, pod] of pods.entries()) {
      await this.#turn(options);
      if (this.#failure !== undefined) throw this.#fail(workload);
      if (this.#host.has(pod)) await this.#replaceOne(workload, pod, options);
      options.onProgress?.(done + 1, pods.length);
    }
  }

  /** Replaces nothing more until {@link step} or {@link resume}. */
  hold(): void {
    this.#steps = 0;
  }

  /** Lets that many pods be replaced. */
  step(pods = 1): void {
    this.#steps += pods;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Ends what {@link hold} began. */
  resume(): void {
    this.step(Number.POSITIVE_INFINITY);
  }

  /** The next pod whose turn it is makes its rollout fail with this cause, once. */
  failNext(cause: string): void {
    this.#failure = cause;
  }

  async #turn(options: RolloutOptions): Promise<void> {
    while (this.#steps <= 0) {
      await abortable(new Promise<void>((resolve) => this.#wake.push(resolve)), options);
    }
    options.signal?.throwIfAborted();
    this.#steps--;
  }

  #fail(workload: Workload): FairleadError {
    const cause = this.#failure;
    this.#failure = undefined;
    return new FairleadError('rollout-failed', `the rollout of ${formatWorkload(workload)} failed: ${cause}`, {
      phase: 'rollout',
    });
  }

  async #replaceOne(workload: Workload, pod: Pod, options: RolloutOptions): Promise<void> {
    const successor = await this.#host.start(workload);
    try {
      await this.#host.untilReady(successor, options);
    } catch (thrown) {
      this.#host.stop(successor);
      options.signal?.throwIfAborted();
      throw FairleadError.from(thrown, 'rollout-failed', `pod ${successor.name} does not become ready`);
    }
    this.#host.stop(pod);
    this.#replaced.push(pod.name);
  }
}
