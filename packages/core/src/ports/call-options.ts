/** What every call that waits accepts. */
export interface CallOptions {
  /** Ends the call early; it then rejects with `signal.reason`. Checked before anything is done. */
  readonly signal?: AbortSignal;
}
