import type { PodTemplate } from './pod.ts';

/** The kinds of workload that Fairlead can intercept, spelled as Kubernetes spells them. */
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'ReplicaSet';

/** Every kind, in the order in which a reference without a kind is looked up. */
export const workloadKinds: readonly WorkloadKind[] = ['Deployment', 'ReplicaSet', 'StatefulSet'];

/** What identifies a workload. Two kinds may share a name, so the kind belongs to the key. */
export interface WorkloadKey {
  readonly namespace: string;
  readonly kind: WorkloadKind;
  readonly name: string;
}

/** What a person writes: a name, perhaps with a kind. */
export interface WorkloadRef {
  readonly namespace: string;
  readonly name: string;
  /** Absent: every kind is tried; two hits are an error that names both. */
  readonly kind?: WorkloadKind;
}

/** How a workload replaces its pods, as far as a rollout must know it. */
export type UpdateStrategy = 'RollingUpdate' | 'Recreate' | 'OnDelete';

/** The thing that owns pods: a Deployment, StatefulSet or ReplicaSet without owner. Never edited by Fairlead. */
export interface Workload extends WorkloadKey {
  readonly uid: string;
  /** `metadata.generation`: grows with each change of the spec; Fairlead must never make it grow. */
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Wanted number of pods. */
  readonly replicas: number;
  readonly updateStrategy: UpdateStrategy;
  /** `spec.selector.matchLabels`. */
  readonly selector: Readonly<Record<string, string>>;
  readonly template: PodTemplate;
}

/** The key's text form, `deployment.cart`: lower-case kind, dot, name. Used as entry name in stores. */
export function entryName(key: Pick<WorkloadKey, 'kind' | 'name'>): string {
  return `${key.kind.toLowerCase()}.${key.name}`;
}

/** The form used in messages and on the command line: `deployment/cart`. */
export function formatWorkload(key: { readonly kind?: WorkloadKind; readonly name: string }): string {
  return key.kind ? `${key.kind.toLowerCase()}/${key.name}` : key.name;
}

/** True when both name the same workload. */
export function sameWorkload(a: WorkloadKey, b: WorkloadKey): boolean {
  return a.namespace === b.namespace && a.kind === b.kind && a.name === b.name;
}

/** Sorts by namespace, then name, then kind. Code-unit order, so the same on every machine. */
export function compareWorkloads(a: WorkloadKey, b: WorkloadKey): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.kind, b.kind);
}

/** Orders two texts by code unit: negative, zero or positive. Independent of the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
