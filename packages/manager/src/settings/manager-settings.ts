import type { VariablePolicy } from '@fairlead/core';
import type { InstallOptions, Resources } from '@fairlead/install';

/** Everything that a traffic-manager is told. */
export interface ManagerSettings {
  readonly podName: string;
  /** Its own namespace. */
  readonly namespace: string;
  /** Whose workloads it looks after; empty: everybody's. */
  readonly namespaces: readonly string[];
  /** Where no pod ever gets a traffic-agent. */
  readonly excludedNamespaces: readonly string[];
  readonly agentImage: string;
  readonly agentImagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly agentLogLevel: string;
  readonly agentPortBase: number;
  readonly agentConfigMap: string;
  readonly variables: VariablePolicy;
  readonly agentResources: Resources;
  readonly agentInitResources: Resources;
  /** How long a silent session keeps its intercepts. */
  readonly leaseMs: number;
  readonly logLevel: Required<InstallOptions>['logLevel'];
  readonly rollout: Required<InstallOptions>['rollout'];
}
