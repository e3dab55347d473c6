/** Who stands in the way, since when, and how to free it. */
export interface Holder {
  readonly intercept: string;
  readonly user: string;
  readonly session: string;
  /** ISO 8601. */
  readonly since: string;
}
