import type { Container, PodSpec } from '@fairlead/core';
import type { JsonObject } from './carries.ts';
import type { MutationOptions } from './mutation-options.ts';
import { defaultAgentUser } from './sidecar-names.ts';

/** The rights of the traffic-agent's container. */
export interface AgentSecurity {
  readonly context: JsonObject;
  /** The user that it runs as; undefined when the image or the platform decides. */
  readonly user: number | undefined;
}

/** What of the app's own context lets the traffic-agent read the app's volumes. Nothing of it gives rights. */
const inherited = ['runAsUser', 'runAsGroup', 'seLinuxOptions'] as const;

/**
 * No rights at all, and the user of the app where it names one, so that the app's volumes can be read. Where nobody
 * names a user the platform chooses (OpenShift insists on doing so), unless packet rules need one to tell the
 * traffic-agent's own connections from those of others. Root is never inherited.
 */
export function agentSecurity(
  spec: PodSpec,
  app: Container,
  needsUser: boolean,
  { securityContext = {}, agentUser = defaultAgentUser }: MutationOptions,
): AgentSecurity {
  const context: Record<string, unknown> = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  for (const field of inherited) {
    const value = app.securityContext?.[field];
    if (value !== undefined && value !== null) context[field] = value;
  }
  const named = context.runAsUser ?? spec.securityContext?.runAsUser;
  if (named === 0 || (needsUser && typeof named !== 'number')) context.runAsUser = agentUser;
  Object.assign(context, securityContext);
  const user = context.runAsUser ?? named;
  return { context, user: typeof user === 'number' ? user : undefined };
}
