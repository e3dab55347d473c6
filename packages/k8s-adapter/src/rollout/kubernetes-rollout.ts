import {
  type CallOptions,
  FairleadError,
  formatWorkload,
  type Logger,
  type Pod,
  type Rollout,
  type RolloutOptions,
  type RolloutStrategy,
  SilentLogger,
  type Workload,
} from '@fairlead/core';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import type { PodObject } from '../objects/pod-object.ts';
import { type ChosenStrategy, chooseStrategy } from './choose-strategy.ts';
import { evictPod } from './evict-pod.ts';
import { readReleased, releasedLabel } from './released-pod.ts';
import { restartWorkload } from './restart-workload.ts';
import { retirePod } from './retire-pod.ts';
import { RolloutContext, type RolloutTimes } from './rollout-context.ts';
import { resumeSurge, surgePod } from './surge-pod.ts';

/** Options of {@link KubernetesRollout}. Times default to {@link rolloutTimes}. */
export interface KubernetesRolloutOptions extends Partial<RolloutTimes> {
  /** Instead of the one that fits each workload best. `surge` stands for that one, too: what cannot surge is evicted. */
  readonly strategy?: RolloutStrategy | undefined;
  /** Default silent. */
  readonly logger?: Logger | undefined;
}

/** How long a rollout waits for what, where nothing else is said, in milliseconds. */
export const rolloutTimes: RolloutTimes = {
  readyTimeoutMs: 120_000,
  evictTimeoutMs: 60_000,
  endpointsTimeoutMs: 30_000,
  drainMs: 3_000,
  goneTimeoutMs: 60_000,
  pollMs: 250,
};

/**
 * Replaces pods one after the other without editing their workload (but for `restart`).
 *
 * Surge, the default: the pod's ReplicaSet is made to let go of it and makes a successor; when that serves, the old pod is
 * taken out of its Services, given time, and deleted. Nothing is lost, and disruption budgets hold. What a crash leaves
 * half done stands on the pods as labels; {@link finishInterrupted} goes on with it.
 */
export class KubernetesRollout implements Rollout {
  readonly #context: RolloutContext;
  readonly #strategy: RolloutStrategy | undefined;
  /** The uids of pods that are being replaced by this process. */
  readonly #active = new Set<string>();

  constructor(connection: KubernetesConnection, options: KubernetesRolloutOptions = {}) {
    const { strategy, logger, ...times } = options;
    this.#context = new RolloutContext(connection, { ...rolloutTimes, ...times }, logger ?? new SilentLogger());
    this.#strategy = strategy;
  }

  strategyFor(workload: Workload): ChosenStrategy {
    return chooseStrategy(workload, this.#strategy);
  }

  /**
   * An aborted call gives the pod back whose successor did not serve yet, and finishes with the pods whose successor does,
   * before it rejects: that takes a few seconds at most.
   */
  async replace(workload: Workload, pods: readonly Pod[], options: RolloutOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (pods.length === 0) return;
    const { strategy, reason } = this.strategyFor(workload);
    if (strategy === 'none') {
      throw new FairleadError(
        'rollout-failed',
        `pods of ${formatWorkload(workload)} have to be replaced, but ${reason}`,
        {
          phase: 'rollout',
          hint: 'Replace them yourself, or allow another rollout strategy.',
        },
      );
    }
    try {
      if (strategy === 'restart') await restartWorkload(this.#context, workload, pods, options);
      else await this.#replaceAll(pods, strategy, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw FairleadError.from(error, 'rollout-failed', `the rollout of ${formatWorkload(workload)} failed`);
    }
  }

  /**
   * Goes on with replacements in this namespace that a process left half done; resolves with how many it finished or
   * undid. For the start of a process that has just become responsible.
   */
  async finishInterrupted(namespace: string, options: CallOptions = {}): Promise<number> {
    const { items } = await this.#context.pods.list(namespace, { ...options, labelSelector: releasedLabel });
    const left = items.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && !this.#active.has(metadata.uid ?? ''),
    );
    await Promise.all(left.map((pod) => this.#occupied(pod, () => this.#finish(pod, options))));
    return left.length;
  }

  async #replaceAll(pods: readonly Pod[], strategy: RolloutStrategy, options: RolloutOptions): Promise<void> {
    const { signal, onProgress } = options;
    const retiring: Promise<void>[] = [];
    let done = 0;
    const onDone = (): void => {
      done++;
      if (!signal?.aborted) onProgress?.(done, pods.length);
    };
    try {
      for (const pod of pods) {
        signal?.throwIfAborted();
        const found = await this.#find(pod, options);
        if (!found) onDone();
        else if (strategy === 'evict') await this.#evict(found, options, onDone);
        else await this.#surge(found, options, onDone, retiring);
      }
    } finally {
      // Pods whose successor serves are beyond return, whatever happened to the rest.
      await Promise.allSettled(retiring);
    }
    await Promise.all(retiring);
    signal?.throwIfAborted();
  }

  /** Resolves when the successor serves; the end of the old pod is added to `retiring`, so that the next can begin. */
  async #surge(pod: PodObject, options: RolloutOptions, onDone: () => void, retiring: Promise<void>[]): Promise<void> {
    const calling: CallOptions = options.signal ? { signal: options.signal } : {};
    const isReleased = readReleased(pod) !== undefined;
    if (isReleased) return await this.#occupied(pod, () => this.#finish(pod, calling)).then(onDone);
    this.#active.add(pod.metadata.uid ?? '');
    let isRetiring = false;
    try {
      if (!(await surgePod(this.#context, pod, calling))) return await this.#evict(pod, options, onDone);
      isRetiring = true;
      const retired = this.#occupied(pod, () => retirePod(this.#context, pod, {})).then(onDone);
      retired.catch(() => {});
      retiring.push(retired);
    } finally {
      if (!isRetiring) this.#active.delete(pod.metadata.uid ?? '');
    }
  }

  async #evict(pod: PodObject, options: RolloutOptions, onDone: () => void): Promise<void> {
    const calling: CallOptions = options.signal ? { signal: options.signal } : {};
    await this.#occupied(pod, () => evictPod(this.#context, pod, calling));
    onDone();
  }

  async #finish(pod: PodObject, options: CallOptions): Promise<void> {
    const released = readReleased(pod);
    if (released && (await resumeSurge(this.#context, released, options))) await retirePod(this.#context, pod, options);
  }

  async #occupied<T>(pod: PodObject, work: () => Promise<T>): Promise<T> {
    const uid = pod.metadata.uid ?? '';
    this.#active.add(uid);
    try {
      return await work();
    } finally {
      this.#active.delete(uid);
    }
  }

  /** The pod as it is now; undefined when it is gone or going. */
  async #find({ namespace, name, uid }: Pod, { signal }: CallOptions): Promise<PodObject | undefined> {
    const found = await this.#context.pods.read({ namespace, name }, signal && { signal });
    return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined ? found : undefined;
  }
}
