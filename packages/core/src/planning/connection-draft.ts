import type { AgentConnection } from '../model/agent-config.ts';
import type { PlanWarning } from './plan-warning.ts';

/** A connection with its container, before it has an agent port. */
export interface ConnectionDraft extends Omit<AgentConnection, 'agentPort'> {
  readonly container: string;
}

/** Connections found, in the order in which they get their agent ports, and what was left out. */
export interface Drafts {
  readonly drafts: readonly ConnectionDraft[];
  readonly warnings: readonly PlanWarning[];
}

/** What the traffic-agent listens for: pods share one network, so port and protocol say it all. */
export function portKey(port: Pick<ConnectionDraft, 'containerPort' | 'protocol'>): string {
  return `${port.containerPort}/${port.protocol}`;
}
