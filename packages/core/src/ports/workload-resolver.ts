import type { Pod } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import type { Workload, WorkloadKey, WorkloadRef } from '../model/workload.ts';
import type { CallOptions } from './call-options.ts';

/** Which workloads, services and pods there are, and how they belong together. Read only. */
export interface WorkloadResolver {
  /**
   * The workload that the reference means. Fails with `workload-not-found`, or with `ambiguous-workload` and the
   * candidates when several kinds share the name and the reference has no kind.
   */
  find(ref: WorkloadRef, options?: CallOptions): Promise<Workload>;
  /** The workloads of a namespace, sorted by name and kind. Owned ReplicaSets are left out. */
  list(namespace: string, options?: CallOptions): Promise<readonly Workload[]>;
  /** Every service of a namespace, sorted by name. Which of them select a workload is planning's business. */
  services(namespace: string, options?: CallOptions): Promise<readonly Service[]>;
  /** The pods that the workload owns now, dying ones included, oldest first. */
  pods(workload: WorkloadKey, options?: CallOptions): Promise<readonly Pod[]>;
  /** The workload that owns a pod, found by following controllers; undefined when none of a known kind does. */
  ownerOf(
    pod: { readonly namespace: string; readonly name: string },
    options?: CallOptions,
  ): Promise<Workload | undefined>;
  /**
   * Every change from now on, until the signal aborts (then the iteration ends without an error). A change names what
   * to look at again; several may be told as one.
   */
  watch(namespace: string, options?: CallOptions): AsyncIterable<ClusterChange>;
}

/** Something in the cluster is not as it was. */
export type ClusterChange =
  | { readonly kind: 'workload'; readonly workload: WorkloadKey }
  | { readonly kind: 'pods'; readonly workload: WorkloadKey }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string };
