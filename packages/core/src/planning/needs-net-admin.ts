import type { AgentConfig } from '../model/agent-config.ts';

/** Whether pods with this config need an init container with NET_ADMIN, for connections redirected by packet rules. */
export function needsNetAdmin(config: Pick<AgentConfig, 'containers'>): boolean {
  return config.containers.some(({ intercepts }) => intercepts.some(({ redirect }) => redirect === 'iptables'));
}
