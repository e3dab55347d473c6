import type { CallOptions } from './call-options.ts';

/** Time. Everything that waits takes it, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, options?: CallOptions): Promise<void>;
  /** Calls `action` after `ms`, unless the returned handle is disposed before. */
  after(ms: number, action: () => void): Disposable;
}
