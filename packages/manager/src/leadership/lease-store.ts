import type { CallOptions } from '@fairlead/core';

/** Who leads, and until when nobody else may. */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly holder: string;
  /** How long a record holds that does not change. */
  readonly durationSeconds: number;
  /** ISO 8601. */
  readonly acquiredAt: string;
  /** ISO 8601. */
  readonly renewedAt: string;
  /** How often the holder has changed. */
  readonly transitions: number;
}

/** A record with its revision. */
export interface StoredLease {
  /** Undefined: nobody has ever held it. */
  readonly record: LeaseRecord | undefined;
  /** Opaque; changes with each write. */
  readonly revision: string;
}

/** Where replicas agree on who leads. */
export interface LeaseStore {
  /** What is there. Fails with `not-found` when the place itself is not. */
  read(options?: CallOptions): Promise<StoredLease>;
  /** Writes if the place still has revision `expected`, else fails with `stale-write`. */
  write(record: LeaseRecord, expected: string, options?: CallOptions): Promise<StoredLease>;
}
