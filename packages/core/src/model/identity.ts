/** Who is calling. */
export interface Identity {
  /** For people: the user name as the cluster knows it. Shown to others as the holder of an intercept. */
  readonly user: string;
  readonly groups: readonly string[];
}
