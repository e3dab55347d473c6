import { type CallOptions, FairleadError } from '@fairlead/core';
import type { LeaseRecord, LeaseStore, StoredLease } from '../leadership/lease-store.ts';

/** A lease in memory, which can be out of reach. */
export class MemoryLeaseStore implements LeaseStore {
  #stored: StoredLease = { record: undefined, revision: '0' };
  /** Whose calls fail; by the holder that they write, for readers nobody can be told apart. */
  isUnreachable = false;

  /** What is there, whether it can be reached or not. */
  get record(): LeaseRecord | undefined {
    return this.#stored.record;
  }

  async read(options: CallOptions = {}): Promise<StoredLease> {
    options.signal?.throwIfAborted();
    this.#check();
    return this.#stored;
  }

  async write(record: LeaseRecord, expected: string, options: CallOptions = {}): Promise<StoredLease> {
    options.signal?.throwIfAborted();
    this.#check();
    if (expected !== this.#stored.revision) throw new FairleadError('stale-write', 'somebody was faster');
    this.#stored = { record, revision: String(Number(expected) + 1) };
    return this.#stored;
  }

  /** Writes as somebody else would. */
  put(record: LeaseRecord): void {
    this.#stored = { record, revision: String(Number(this.#stored.revision) + 1) };
  }

  #check(): void {
    if (this.isUnreachable) throw new FairleadError('unreachable', 'nobody answers');
  }
}
