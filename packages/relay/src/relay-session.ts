/** A session as the relay knows it. */
export interface RelaySession {
  readonly id: string;
  /** Of the key that the session has shown. */
  readonly fingerprint: string;
  /** What the session says of its own version. */
  readonly version: string;
}
