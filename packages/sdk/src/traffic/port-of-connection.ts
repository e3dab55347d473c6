import { type AgentConfig, type SelectedConnection, selectConnections } from '@fairlead/core';
import type { WantedPort } from '../parse-intercept.ts';

/** For each container port the wanted port that it was selected by; the first one where several fit. */
export function portsByContainerPort(
  ports: readonly WantedPort[],
  connections: readonly SelectedConnection[],
): ReadonlyMap<number, WantedPort> {
  const found = new Map<number, WantedPort>();
  for (const connection of connections) {
    const config = configOf(connection);
    // What the control plane selected for us fits at least one; a change of the services may have renamed it since.
    const port = ports.find(({ selector }) => selectConnections(config, selector).ok) ?? ports[0];
    if (port && !found.has(connection.containerPort)) found.set(connection.containerPort, port);
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
