import type { Service, StringMap, Workload } from '@fairlead/core';

/** What manifests say, as the core model and as they were written. */
export interface ManifestSet {
  /** Every object in the order in which it was written, items of a `List` in its place, unknown kinds included. */
  readonly objects: readonly ManifestObject[];
  /** Deployments, StatefulSets and ReplicaSets without owner, in the order written. Their `uid` is empty. */
  readonly workloads: readonly Workload[];
  /** In the order written. Their `uid` is empty. */
  readonly services: readonly Service[];
  readonly configMaps: readonly ConfigData[];
  readonly secrets: readonly ConfigData[];
  /** What a user would want to know, though the manifests can be used. */
  readonly warnings: readonly ManifestWarning[];
}

/** Where something was written. */
export interface ManifestPlace {
  /** The path as it was found, or the name that a text was given. */
  readonly file: string;
  /** Number of the document in its file, from 1. */
  readonly document: number;
  /** Line in the file, from 1; absent for objects that were never text. */
  readonly line?: number;
}

/** One object of a manifest. */
export interface ManifestObject {
  readonly place: ManifestPlace;
  /** Relative paths in it, such as a `workingDir`, start here. */
  readonly directory: string;
  /** As it was written, with every field. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The workload that it was read as, if it is one. */
  readonly workload?: Workload;
}

/** A ConfigMap, or a Secret with its values decoded. */
export interface ConfigData {
  readonly namespace: string;
  readonly name: string;
  /** Text by key. */
  readonly data: StringMap;
  /** Bytes by key, of those values that are no UTF-8 text. */
  readonly binary: Readonly<Record<string, Uint8Array>>;
}

/** A remark on a manifest. */
export interface ManifestWarning {
  readonly code: 'ignored-kind' | 'ignored-object';
  readonly message: string;
  readonly place: ManifestPlace;
}
