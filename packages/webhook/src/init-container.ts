import type { AgentConfig, Container } from '@fairlead/core';
import type { RedirectRule } from './agent-ports.ts';
import type { MutationOptions } from './mutation-options.ts';
import { initContainerName } from './sidecar-names.ts';

/**
 * The init container that leads container ports to agent ports by packet rules. It is told everything by its arguments:
 * `agent-init --agent-user=UID --redirect=PROTOCOL:CONTAINERPORT:AGENTPORT …`, so it reads no config. It needs root and
 * NET_ADMIN, and nothing else: nftables want neither NET_RAW nor a lock file.
 */
export function initContainer(
  config: AgentConfig,
  redirects: readonly RedirectRule[],
  agentUser: number,
  { initResources, initSecurityContext, pullPolicy }: MutationOptions,
): Container & { readonly imagePullPolicy?: string } {
  return {
    name: initContainerName,
    image: config.agentImage,
    ...(pullPolicy && { imagePullPolicy: pullPolicy }),
    args: [
      'agent-init',
      `--agent-user=${agentUser}`,
      ...redirects.map((rule) => `--redirect=${rule.protocol}:${rule.containerPort}:${rule.agentPort}`),
    ],
    ...(initResources && { resources: { ...initResources } }),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
      seccompProfile: { type: 'RuntimeDefault' },
      ...initSecurityContext,
    },
  };
}
