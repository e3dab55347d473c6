import type { VariablePolicy } from '../model/variable-policy.ts';

/** What a plan needs beside the workload and its services. */
export interface PlanOptions {
  readonly agentImage: string;
  /** Where the agents find the traffic-manager. */
  readonly managerHost: string;
  readonly managerPort: number;
  /** Default `info`. */
  readonly logLevel?: string;
  /** The first port that the agent may take. Default 9900. */
  readonly agentPortBase?: number;
  /** Default: nothing is excluded, and no value from a Secret allowed. */
  readonly variables?: VariablePolicy | undefined;
}

/** What {@link PlanOptions} mean where they say nothing. */
export const planDefaults: { readonly logLevel: string; readonly agentPortBase: number } = {
  logLevel: 'info',
  agentPortBase: 9900,
};
