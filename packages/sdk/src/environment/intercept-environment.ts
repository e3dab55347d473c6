import type { CallOptions } from '@fairlead/core';

/** Whose environment is asked for, and for what. */
export interface EnvironmentOptions extends CallOptions {
  /** Default: the container of the intercepted port, of the first one where there are several. */
  readonly container?: string | undefined;
  /** The pod that is asked. Default: the one whose agent came last. */
  readonly pod?: string | undefined;
  /** The directory of this machine below which the container's mounts are. Default: they are nowhere. */
  readonly root?: string | undefined;
  /** How long an agent may take to tell, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** What a container of the intercepted workload has in its environment. Its image's own variables are not known. */
export interface InterceptEnvironment {
  readonly container: string;
  /** The pod that was asked. */
  readonly pod: string;
  /**
   * The variables as the container's program sees them, sorted, and those of the intercept: `FAIRLEAD_CONTAINER`,
   * `FAIRLEAD_MOUNTS` (joined by colons), `FAIRLEAD_INTERCEPT_ID`, with a `root` also `FAIRLEAD_ROOT`, and the same under
   * the names that Telepresence gives them. With a `root`, paths below `/var/run/secrets/` are led there.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of variables whose values come from Secrets and stayed in the pod, sorted. */
  readonly withheld: readonly string[];
  /** How many more stayed there because the cluster or the pod excludes them. */
  readonly excluded: number;
  /** Where the container mounts volumes. */
  readonly mounts: readonly string[];
}
