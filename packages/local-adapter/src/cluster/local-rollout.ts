import {
  FairleadError,
  formatWorkload,
  type Pod,
  type Rollout,
  type RolloutOptions,
  type Workload,
} from '@fairlead/core';
import type { LocalCluster } from './local-cluster.ts';

/** The strategies that the embedded cluster knows. */
export type LocalRolloutStrategy = 'surge' | 'evict' | 'none';

/** Options of {@link LocalRollout}. */
export interface LocalRolloutOptions {
  /** Default: `evict` for StatefulSets and Deployments that recreate their pods, `surge` for the rest. */
  readonly strategy?: LocalRolloutStrategy;
  /** How long the successor of a pod may take to become ready, in milliseconds. Default 60 000. */
  readonly timeoutMs?: number;
}

/**
 * Replaces pods of an embedded cluster, one after the other. With `surge` the successor serves before the old pod leaves;
 * with `evict` the old one ends first and callers of its Services wait meanwhile. Either way no request of HTTP/1 is lost.
 */
export class LocalRollout implements Rollout {
  readonly #cluster: LocalCluster;
  readonly #options: LocalRolloutOptions;

  constructor(cluster: LocalCluster, options: LocalRolloutOptions = {}) {
    this.#cluster = cluster;
    this.#options = options;
  }

  strategyFor(workload: Workload): { readonly strategy: LocalRolloutStrategy; readonly reason: string } {
    const { strategy } = this.#options;
    if (strategy) return { strategy, reason: 'chosen by an option' };
    if (workload.kind === 'StatefulSet') return { strategy: 'evict', reason: 'its pods keep their names' };
    if (workload.updateStrategy === 'Recreate')
      return { strategy: 'evict', reason: 'two of its pods must not run at once' };
    return { strategy: 'surge', reason: 'a new pod can serve before the old one leaves' };
  }

  async replace(workload: Workload, pods: readonly Pod[], options: RolloutOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const { strategy } = this.strategyFor(workload);
    if (pods.length > 0 && strategy === 'none') {
      const message = `pods of ${formatWorkload(workload)} would have to be replaced, which an option forbids`;
      throw new FairleadError('rollout-failed', message, { phase: 'rollout' });
    }
    for (const [done, pod] of pods.entries()) {
      options.signal?.throwIfAborted();
      await this.#replaceOne(workload, pod, strategy === 'evict' ? 'evict' : 'surge', options);
      options.onProgress?.(done + 1, pods.length);
    }
  }

  async #replaceOne(workload: Workload, pod: Pod, how: 'surge' | 'evict', options: RolloutOptions): Promise<void> {
    const limitMs = this.#options.timeoutMs ?? 60_000;
    const limit = AbortSignal.timeout(limitMs);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    try {
      await this.#cluster.replacePod(workload, pod.uid, how, { signal });
    } catch (thrown) {
      if (!limit.aborted || options.signal?.aborted) throw thrown;
      const message = `the successor of pod ${pod.name} of ${formatWorkload(workload)} was not ready within ${limitMs} ms`;
      throw new FairleadError('rollout-failed', message, { phase: 'rollout', cause: thrown });
    }
  }
}
