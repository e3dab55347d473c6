import type { AgentConfig } from '../model/agent-config.ts';
import type { PodManifest } from '../model/pod.ts';

/** Adds the traffic-agent to a pod. Pure: the same pod and config give the same patch. */
export interface Injector {
  /**
   * The JSON Patch that makes `pod` carry the agent that `config` describes. Empty when it already does, and for
   * configs marked manual. Fails with `host-network` or `bad-manifest` when the pod cannot carry one.
   */
  inject(pod: PodManifest, config: AgentConfig): Injection;
}

/** What an injector has to say about a pod. */
export interface Injection {
  readonly patch: readonly JsonPatchOperation[];
  readonly warnings: readonly InjectionWarning[];
}

/** Something a user would want to know, though the pod was served. */
export interface InjectionWarning {
  readonly code: string;
  readonly message: string;
}

/** One operation of RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };
