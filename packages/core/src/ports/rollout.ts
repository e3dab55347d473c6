import type { Pod } from '../model/pod.ts';
import type { Workload } from '../model/workload.ts';
import type { CallOptions } from './call-options.ts';

/** How pods are made to pick up a config. */
export type RolloutStrategy = 'surge' | 'evict' | 'restart' | 'none';

/** Makes pods pick up the config that is stored, without editing the workload (but for `restart`). */
export interface Rollout {
  /** The strategy that this workload would get, and why when it is not the default. */
  strategyFor(workload: Workload): { readonly strategy: RolloutStrategy; readonly reason: string };
  /**
   * Replaces exactly these pods and resolves when their successors are ready and they are on their way out, with no new
   * traffic coming to them. With no pods it does nothing. Fails with `rollout-failed` and the decisive cause; pods not yet
   * replaced then keep serving.
   */
  replace(workload: Workload, pods: readonly Pod[], options?: RolloutOptions): Promise<void>;
}

/** Options of {@link Rollout.replace}. */
export interface RolloutOptions extends CallOptions {
  /** Called after each pod that was replaced. */
  readonly onProgress?: (done: number, total: number) => void;
}
