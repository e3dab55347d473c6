import type {
  AgentConfigStore,
  AgentImageSource,
  CallOptions,
  Clock,
  Injector,
  PlanOptions,
  Service,
  Workload,
} from '@fairlead/core';
import type { AdmittedPod } from './admitted-pod.ts';

/** What the admission of pods works with. */
export interface PodAdmissionParts {
  /**
   * The workload at the end of the pod's controllers, found by its owner references: the pod itself is not there yet.
   * Undefined when it is of no supported kind. Only asked for pods that have a controller.
   */
  ownerWorkload(pod: AdmittedPod, namespace: string, options: CallOptions): Promise<Workload | undefined>;
  /** Every Service of a namespace. */
  services(namespace: string, options: CallOptions): Promise<readonly Service[]>;
  /** Should answer from memory: it is asked for every pod that has a workload. */
  readonly store: AgentConfigStore;
  /** Asked when a workload gets its first config. */
  readonly agentImages: AgentImageSource;
  /** What plans need besides the image. The same as the control plane's, or the two would argue about configs. */
  readonly planning: Omit<PlanOptions, 'agentImage'>;
  /** Best one that asks for the pod's identity, see `requireIdentity`. */
  readonly injector: Injector;
  /** Where pods may get a traffic-agent: see `injectableNamespaces`. */
  isInjectable(namespace: string): boolean;
  /** True once agents are being taken away: no new ones then. Default: never. */
  isStopped?(): boolean;
  readonly clock: Clock;
}

/** Options of one admission. */
export interface PodAdmissionOptions extends CallOptions {
  /** After this time the pod is admitted as it is. Default 4 000, before an API server gives up. */
  readonly limitMs?: number;
}
