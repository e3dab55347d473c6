import type { AgentConfig, Container, InjectionWarning } from '@fairlead/core';
import { agentContainer } from './agent-container.ts';
import { type AgentPorts, agentPorts } from './agent-ports.ts';
import { agentSecurity } from './agent-security.ts';
import { type AgentVolume, agentVolumes } from './agent-volumes.ts';
import {
  type AppConnection,
  type AppContainer,
  connectionsOf,
  findAppContainers,
  withoutAgent,
} from './app-containers.ts';
import { healthPort } from './health-port.ts';
import {
  hidePortNames,
  type PortNames,
  recordedPortNames,
  renamePorts,
  restorablePortNames,
} from './hidden-port-names.ts';
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
  /** Names that the pod has from an earlier mutation and what they stand for. */
  readonly recorded: PortNames;
}

/**
 * What the config makes of the pod, whatever of it the pod has already. Everything is derived from the pod as its author
 * wrote it: without the agent's containers and with the original port names. `wanted` is absent when no connection of
 * the config fits the pod.
 */
export function wantedPod(
  document: PodDocument,
  config: AgentConfig,
  options: MutationOptions,
): { readonly wanted?: WantedPod; readonly warnings: readonly InjectionWarning[] } {
  const recorded = recordedPortNames(document.metadata?.annotations);
  const original = (container: Container): Container =>
    renamePorts(container, restorablePortNames(container, recorded));
  const containers = withoutAgent(document.spec.containers).map(original);
  const inits = (document.spec.initContainers ?? []).filter(({ name }) => name !== initContainerName);
  const others = [...containers, ...inits];

  const found = findAppContainers(containers, config);
  const connections = connectionsOf(found.apps);
  const [first] = connections;
  if (!first) return { warnings: [...found.warnings, nothingToIntercept(config)] };

  const ports = agentPorts(connections, others);
  const security = agentSecurity(document.spec, first.app.container, ports.redirects.length > 0, options);
  const volumes = agentVolumes(config, options.configMapName ?? defaultConfigMapName, others);
  const agent = agentContainer(
    {
      config,
      apps: found.apps,
      ports: ports.ports,
      healthPort: healthPort(
        connections.map(({ connection }) => connection.agentPort),
        declaredPorts(others, options),
      ),
      volumes,
      securityContext: security.context,
    },
    options,
  );
  const user = security.user ?? options.agentUser ?? defaultAgentUser;
  const init = ports.redirects.length > 0 && { init: initContainer(config, ports.redirects, user, options) };
  const names = others.flatMap((container) => (container.ports ?? []).flatMap(({ name }) => name ?? []));
  const hidden = hidePortNames(containers, ports.claims, names);
  return {
    wanted: { apps: found.apps, agent, ...init, volumes, hidden, recorded },
    warnings: [...found.warnings, ...ports.warnings, ...netAdmin(ports, connections)],
  };
}

function declaredPorts(others: readonly Container[], { apiPort }: MutationOptions): ReadonlySet<number> {
  const declared = others.flatMap(({ ports }) => (ports ?? []).map(({ containerPort }) => containerPort));
  return new Set(apiPort ? [...declared, apiPort] : declared);
}

function netAdmin(ports: AgentPorts, connections: readonly AppConnection[]): InjectionWarning[] {
  if (ports.redirects.length === 0) return [];
  const causes = connections
    .filter(({ connection }) => connection.redirect === 'iptables')
    .map(({ connection }) => `${connection.serviceName}:${connection.servicePort}`);
  const message = `init container ${initContainerName} runs as root with NET_ADMIN, needed for ${causes.join(', ')}; a named targetPort of a Service that is not headless needs neither`;
  return [{ code: 'net-admin', message }];
}

function nothingToIntercept(config: AgentConfig): InjectionWarning {
  return { code: 'nothing-to-intercept', message: `no connection of ${config.agentName} fits a container of the pod` };
}
