import type { AgentConfig, Container, InjectionWarning } from '@fairlead/core';
import { agentContainer } from './agent-container.ts';
import { agentPorts } from './agent-ports.ts';
import { agentSecurity } from './agent-security.ts';
import { type AgentVolume, agentVolumes } from './agent-volumes.ts';
import { type AppConnection, type AppContainer, connectionsOf, findAppContainers } from './app-containers.ts';
import { healthPort, usedPorts } from './health-port.ts';
import { hidePortNames, type PortNames } from './hidden-port-names.ts';
import { initContainer } from './init-container.ts';
import type { MutationOptions } from './mutation-options.ts';
import type { PodDocument } from './pod-document.ts';
import { defaultAgentUser, defaultConfigMapName, initContainerName } from './sidecar-names.ts';

/** How a pod has to be so that the config's agent works in it. */
export interface WantedPod {
  readonly apps: readonly AppContainer[];
  readonly agent: Container;
  /** Absent when no connection needs packet rules. */
  readonly init?: Container;
  readonly volumes: readonly AgentVolume[];
  /** Original names of ports and what hides them. */
  readonly hidden: PortNames;
}

/**
 * What the config makes of a pod that has nothing of it yet. `wanted` is absent when no connection of the config fits
 * the pod.
 */
export function wantedPod(
  document: PodDocument,
  config: AgentConfig,
  options: MutationOptions,
): { readonly wanted?: WantedPod; readonly warnings: readonly InjectionWarning[] } {
  const { containers, initContainers } = document.spec;
  const others = [...containers, ...(initContainers ?? [])];
  const found = findAppContainers(containers, config);
  const connections = connectionsOf(found.apps);
  const [first] = connections;
  if (!first) return { warnings: [...found.warnings, nothingToIntercept(config)] };

  const { ports, claims, redirects, warnings } = agentPorts(connections, others);
  const security = agentSecurity(document.spec, first.app.container, redirects.length > 0, options);
  const volumes = agentVolumes(config, options.configMapName ?? defaultConfigMapName, document.spec);
  const health = healthPort(agentPortsOf(connections), portsInUse(others, connections, options));
  const parts = { config, apps: found.apps, ports, healthPort: health, volumes, securityContext: security.context };
  const user = security.user ?? options.agentUser ?? defaultAgentUser;
  return {
    wanted: {
      apps: found.apps,
      agent: agentContainer(parts, options),
      ...(redirects.length > 0 && { init: initContainer(config, redirects, user, options) }),
      volumes,
      hidden: hidePortNames(containers, claims, others.flatMap(portNames)),
    },
    warnings: [...found.warnings, ...warnings, ...netAdmin(connections)],
  };
}

function agentPortsOf(connections: readonly AppConnection[]): number[] {
  return connections.map(({ connection }) => connection.agentPort);
}

function portsInUse(
  others: readonly Container[],
  connections: readonly AppConnection[],
  { apiPort }: MutationOptions,
): ReadonlySet<number> {
  const undeclared = connections.map(({ connection }) => connection.containerPort);
  return new Set([...others.flatMap(usedPorts), ...undeclared, ...(apiPort ? [apiPort] : [])]);
}

function portNames({ ports }: Container): string[] {
  return (ports ?? []).flatMap(({ name }) => name ?? []);
}

function netAdmin(connections: readonly AppConnection[]): InjectionWarning[] {
  const causes = connections
    .filter(({ connection }) => connection.redirect === 'iptables')
    .map(({ connection: { containerPort, serviceName, servicePort } }) =>
      serviceName ? `${serviceName}:${servicePort}` : `container port ${containerPort}`,
    );
  if (causes.length === 0) return [];
  const message = `init container ${initContainerName} runs as root with NET_ADMIN, needed for ${causes.join(', ')}; a named targetPort of a Service that is not headless needs neither`;
  return [{ code: 'net-admin', message }];
}

function nothingToIntercept(config: AgentConfig): InjectionWarning {
  return { code: 'nothing-to-intercept', message: `no connection of ${config.agentName} fits a container of the pod` };
}
