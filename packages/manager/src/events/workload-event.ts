import type { WorkloadKey } from '@fairlead/core';

/** Something that people who look at a workload should know. */
export interface WorkloadEvent {
  readonly workload: WorkloadKey;
  readonly type: 'Normal' | 'Warning';
  /** One word, as Kubernetes writes it: `InterceptActive`. */
  readonly reason: string;
  readonly message: string;
}

/** Where events go. Never throws, and nobody waits for it. */
export interface WorkloadEvents {
  /** Tells of an event, unless there were too many. */
  record(event: WorkloadEvent): void;
}
