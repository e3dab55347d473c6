import { type AgentConfig, type SelectedConnection, selectConnections } from '@fairlead/core';
import type { WantedPort } from '../parse-intercept.ts';

/** What tells the ports of containers apart. */
export function portKey({ containerPort, protocol }: Pick<SelectedConnection, 'containerPort' | 'protocol'>): string {
  return `${containerPort}/${protocol}`;
}

/** For each container port, by {@link portKey}, the wanted port that it was selected by; the first one where several fit. */
export function portsByContainerPort(
  ports: readonly WantedPort[],
  connections: readonly SelectedConnection[],
): ReadonlyMap<string, WantedPort> {
  const found = new Map<string, WantedPort>();
  for (const connection of connections) {
    const config = configOf(connection);
    // What the control plane selected for us fits at least one; a change of the services may have renamed it since.
    const port = ports.find(({ selector }) => selectConnections(config, selector).ok) ?? ports[0];
    const key = portKey(connection);
    if (port && !found.has(key)) found.set(key, port);
  }
  return found;
}

/** A config with only this connection, so that the planner's own rule decides what fits it. */
function configOf({ container, ...connection }: SelectedConnection): AgentConfig {
  return {
    schemaVersion: 1,
    hash: '',
    agentName: '',
    agentImage: '',
    namespace: '',
    workloadName: '',
    workloadKind: 'Deployment',
    managerHost: '',
    managerPort: 0,
    logLevel: '',
    containers: [{ name: container, envPrefix: '', mountPoint: '', mounts: [], intercepts: [connection] }],
  };
}
