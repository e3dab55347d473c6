import type { CallOptions } from './call-options.ts';

/** Something that would make an intercept fail, and who can do what about it. */
export interface PreflightProblem {
  /** `right`: the caller lacks one. `installation`: Fairlead is not there, or not ready. `version`: the server is too old. */
  readonly kind: 'right' | 'installation' | 'version';
  /** For example `you may not create intercepts.fairlead.dev in namespace shop`. */
  readonly message: string;
  /** What to do, as a sentence or a command. */
  readonly remedy: string;
}

/** One thing that was looked at. */
export interface PreflightCheck {
  /** What was looked at, as one word: `manager`, `injector`. */
  readonly name: string;
  /** `unknown`: it could not be looked at; that alone is no obstacle. */
  readonly state: 'ok' | 'failing' | 'unknown';
  /** What was found; of what fails the cause, of what is unknown the reason. */
  readonly message: string;
  /** What to do, as a sentence or a command. Of everything that fails, and perhaps of the unknown. */
  readonly remedy?: string;
}

/** What a preflight found. */
export interface PreflightReport {
  /** For example `v1.20.2`. */
  readonly serverVersion: string;
  /**
   * Everything that was looked at, in the order in which one thing needs the other. What fails here and is no problem
   * below is in the way of some workloads only.
   */
  readonly checks: readonly PreflightCheck[];
  /** Empty: nothing stands in the way. */
  readonly problems: readonly PreflightProblem[];
}

/** Looks whether intercepts could work, before anything is begun. */
export interface Preflight {
  /**
   * Everything that stands in the way of an intercept in this namespace, at once. Changes nothing. Fails only when the
   * cluster cannot be asked: `unreachable`, `forbidden`, `timeout`.
   */
  check(namespace: string, options?: CallOptions): Promise<PreflightReport>;
}
