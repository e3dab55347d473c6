import { canonicalJson } from '@fairlead/core';
import type { InstallOptions } from './install-options.ts';

/** A variable of the traffic-manager's environment. */
export type ManagerVariable =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      readonly valueFrom: { readonly fieldRef: { readonly apiVersion: 'v1'; readonly fieldPath: string } };
    };

/** What the traffic-manager is told by its environment: who it is, and the options that are its business. */
export function managerEnvironment(options: Required<InstallOptions>): readonly ManagerVariable[] {
  const value = (name: string, said: string): ManagerVariable => ({ name: `FAIRLEAD_${name}`, value: said });
  const field = (name: string, fieldPath: string): ManagerVariable => ({
    name: `FAIRLEAD_${name}`,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  return [
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    value('NAMESPACES', options.namespaces.join(',')),
    value('EXCLUDED_NAMESPACES', options.excludedNamespaces.join(',')),
    value('AGENT_IMAGE', options.agentImage || options.image),
    value('AGENT_IMAGE_PULL_POLICY', options.imagePullPolicy),
    value('AGENT_LOG_LEVEL', options.agentLogLevel),
    value('AGENT_PORT_BASE', String(options.agentPortBase)),
    value('AGENT_CONFIG_MAP', options.agentConfigMap),
    value('EXCLUDED_VARIABLES', options.excludedVariables.join(',')),
    value('ALLOWED_SECRET_VARIABLES', options.allowedSecretVariables.join(',')),
    value('AGENT_RESOURCES', canonicalJson(options.agentResources)),
    value('AGENT_INIT_RESOURCES', canonicalJson(options.agentInitResources)),
    value('LEASE_SECONDS', String(options.leaseSeconds)),
    value('LOG_LEVEL', options.logLevel),
    value('ROLLOUT', options.rollout),
  ];
}
