import type { InterceptRecord, InterceptSpec, InterceptStatus, SessionRef } from '../model/intercept.ts';
import type { CallOptions } from './call-options.ts';

/** Holds intercepts so that the control plane and the sessions see the same ones. */
export interface InterceptRegistry {
  /**
   * Creates an intercept in phase `requested`. The same name, session and spec again returns what is there (so a
   * repeated call is harmless); the same name otherwise fails with `conflict`.
   */
  create(draft: InterceptDraft, options?: CallOptions): Promise<InterceptRecord>;
  /** The record, or undefined. */
  read(namespace: string, name: string, options?: CallOptions): Promise<InterceptRecord | undefined>;
  /** Every record of a namespace, oldest first. */
  list(namespace: string, options?: CallOptions): Promise<readonly InterceptRecord[]>;
  /** Writes the status if the record still has revision `expected`, else fails with `stale-write`; gone: `not-found`. */
  updateStatus(
    record: Pick<InterceptRecord, 'namespace' | 'name'>,
    status: InterceptStatus,
    expected: string,
    options?: CallOptions,
  ): Promise<InterceptRecord>;
  /** Deletes the record. Deleting what is not there succeeds. One of another revision than `expected`: `stale-write`. */
  delete(namespace: string, name: string, options?: DeleteInterceptOptions): Promise<void>;
  /** The present records, then every change in order, until the signal aborts (then it ends without an error). */
  watch(namespace: string, options?: CallOptions): AsyncIterable<InterceptChange>;
}

/** Options of {@link InterceptRegistry.delete}. */
export interface DeleteInterceptOptions extends CallOptions {
  /** Only the record of this revision. Default: whatever has the name, which may be another intercept by now. */
  readonly expected?: string | undefined;
}

/** What a client gives to create an intercept. */
export interface InterceptDraft {
  readonly namespace: string;
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly session: SessionRef;
}

/** A change of the registry. */
export type InterceptChange =
  | { readonly type: 'stored'; readonly record: InterceptRecord }
  | { readonly type: 'deleted'; readonly record: InterceptRecord };
