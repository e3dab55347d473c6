/** What a plan may warn of. */
export type PlanWarningCode =
  /** A service port leads to no container port, so it was left out. */
  | 'unconnected-port'
  /** A port speaks neither TCP nor UDP, so it was left out. */
  | 'unsupported-protocol'
  /** An annotation asks for a port that no service has. */
  | 'unmatched-annotation';

/** Something that the plan leaves out, and why. */
export interface PlanWarning {
  readonly code: PlanWarningCode;
  readonly message: string;
}
