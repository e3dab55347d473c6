import type { AgentConnection } from '../model/agent-config.ts';
import { agentContainerName, type Container, type PodSpec, type ProbeHandler } from '../model/pod.ts';
import { type ConnectionDraft, portKey } from './connection-draft.ts';
import { isPortNumber } from './port-identifier.ts';
import type { Refusal } from './refusal.ts';

/** A draft that has its agent port. */
export type PlannedConnection = AgentConnection & Pick<ConnectionDraft, 'container'>;

/**
 * Gives each (container port, protocol) one port of the traffic-agent, from `base` up in the order of the drafts, and
 * passes over every number that something else in the pod uses.
 */
export function assignAgentPorts(
  drafts: readonly ConnectionDraft[],
  spec: PodSpec,
  base: number,
): readonly PlannedConnection[] | Refusal {
  const taken = new Set([...usedPorts(spec), ...drafts.map((draft) => draft.containerPort)]);
  const agentPorts = new Map<string, number>();
  const planned: PlannedConnection[] = [];
  let next = base;
  for (const draft of drafts) {
    let agentPort = agentPorts.get(portKey(draft));
    if (agentPort === undefined) {
      while (taken.has(next)) next += 1;
      if (!isPortNumber(next)) return noneLeft(base);
      agentPort = next;
      next += 1;
      agentPorts.set(portKey(draft), agentPort);
    }
    planned.push({ ...draft, agentPort });
  }
  return planned;
}

/** Every port number that a container of the pod declares, or that a probe or hook shows it to listen on. */
function usedPorts(spec: PodSpec): readonly number[] {
  return [...spec.containers, ...(spec.initContainers ?? [])]
    .filter((container) => container.name !== agentContainerName)
    .flatMap((container) => [
      ...(container.ports ?? []).map((port) => port.containerPort),
      ...handlersOf(container).flatMap(numbersIn),
    ]);
}

function handlersOf(container: Container): readonly ProbeHandler[] {
  return [
    container.livenessProbe,
    container.readinessProbe,
    container.startupProbe,
    container.lifecycle?.postStart,
    container.lifecycle?.preStop,
  ].filter((handler) => handler !== undefined);
}

function numbersIn(handler: ProbeHandler): readonly number[] {
  return [handler.httpGet?.port, handler.tcpSocket?.port, handler.grpc?.port].filter(
    (port) => typeof port === 'number',
  );
}

function noneLeft(base: number): Refusal {
  return { refused: 'reserved-port', message: `no port from ${base} up is free for the traffic-agent` };
}
