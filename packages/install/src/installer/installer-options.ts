import type { CallOptions } from '@fairlead/core';

/** What an installation is busy with. */
export interface InstallProgress {
  /**
   * `applying` and `deleting` count objects; `waiting` is for the traffic-manager and the injector, `hook` for pods that are
   * given new agents or freed of them.
   */
  readonly stage: 'applying' | 'waiting' | 'hook' | 'deleting';
  readonly done: number;
  /** 0: unknown. */
  readonly total: number;
}

/** Options of {@link install}, {@link upgrade} and {@link uninstall}. */
export interface InstallerOptions extends CallOptions {
  /** How long the whole may take, in milliseconds. Default 180 000; for an upgrade or an uninstall 900 000. */
  readonly timeoutMs?: number | undefined;
  /** Called as the work gets on. */
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
}

/** An installation as it is at the end of {@link install} or {@link upgrade}. */
export interface Installed {
  readonly namespace: string;
  readonly image: string;
  /** Ready pods of the traffic-manager. */
  readonly replicas: number;
  /** Namespaces whose workloads may be intercepted. Empty: all. */
  readonly namespaces: readonly string[];
  /** Objects that were applied. */
  readonly objects: number;
}
