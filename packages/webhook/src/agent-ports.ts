import type { Container, ContainerPort, InjectionWarning, TransportProtocol } from '@fairlead/core';
import { type AppConnection, protocolOf } from './app-containers.ts';

/** A port name that passes from a container of the app to the traffic-agent. */
export interface NameClaim {
  readonly container: string;
  readonly name: string;
  readonly protocol: TransportProtocol;
}

/** A container port whose traffic the init container leads to the traffic-agent. */
export interface RedirectRule {
  readonly protocol: TransportProtocol;
  readonly containerPort: number;
  readonly agentPort: number;
}

/** How the pod's traffic gets to the traffic-agent. */
export interface AgentPorts {
  /** What the traffic-agent's container declares. */
  readonly ports: readonly ContainerPort[];
  readonly claims: readonly NameClaim[];
  readonly redirects: readonly RedirectRule[];
  readonly warnings: readonly InjectionWarning[];
}

/**
 * The traffic-agent's ports: one for each agent port and protocol, under the app's original port name where a Service
 * finds the port by name. A name is taken over only if its container really declares it for that number, and only once:
 * otherwise traffic keeps going to the app, and a warning says so.
 */
export function agentPorts(connections: readonly AppConnection[], others: readonly Container[]): AgentPorts {
  const claims: (NameClaim & { readonly agentPort: number })[] = [];
  const redirects = new Map<string, RedirectRule>();
  const warnings: InjectionWarning[] = [];
  for (const { app, connection } of connections) {
    const { containerPort, containerPortName: name, protocol, agentPort } = connection;
    const container = app.container.name;
    if (connection.redirect === 'iptables') {
      redirects.set(`${protocol}:${containerPort}`, { protocol, containerPort, agentPort });
    } else if (!declares(app.container, name, containerPort, protocol)) {
      const message = `container ${container} has no ${protocol} port ${containerPort} named ${JSON.stringify(name)}; its traffic stays with the app`;
      warnings.push({ code: 'port-missing', message });
    } else {
      const claim = claims.find((other) => other.name === name);
      if (!claim) claims.push({ container, name, protocol, agentPort });
      else if (claim.container !== container) {
        const message = `port name ${name} of container ${container} already leads to container ${claim.container}; its traffic stays with the app`;
        warnings.push({ code: 'port-name-taken', message });
      }
    }
  }
  const ports = declaredPorts(connections, claims);
  return { ports, claims, redirects: [...redirects.values()], warnings: [...warnings, ...clashes(ports, others)] };
}

function declares(container: Container, name: string, number: number, protocol: TransportProtocol): boolean {
  return (container.ports ?? []).some(
    (port) => name !== '' && port.name === name && port.containerPort === number && protocolOf(port) === protocol,
  );
}

function declaredPorts(
  connections: readonly AppConnection[],
  claims: readonly (NameClaim & { readonly agentPort: number })[],
): ContainerPort[] {
  const listening = new Map(
    connections.map(({ connection: { agentPort, protocol } }) => [`${protocol}:${agentPort}`, { agentPort, protocol }]),
  );
  return [...listening.values()].flatMap(({ agentPort, protocol }): ContainerPort[] => {
    const names = claims.filter((claim) => claim.agentPort === agentPort && claim.protocol === protocol);
    if (names.length === 0) return [{ containerPort: agentPort, protocol }];
    return names.map(({ name }) => ({ name, containerPort: agentPort, protocol }));
  });
}

/** An agent port that some container declares: both cannot listen in one pod. */
function clashes(ports: readonly ContainerPort[], others: readonly Container[]): InjectionWarning[] {
  return others.flatMap((container) =>
    (container.ports ?? [])
      .filter((taken) =>
        ports.some((port) => port.containerPort === taken.containerPort && protocolOf(port) === protocolOf(taken)),
      )
      .map(({ containerPort }) => ({
        code: 'agent-port-taken',
        message: `agent port ${containerPort} is declared by container ${container.name}; choose another base for the agent ports`,
      })),
  );
}
