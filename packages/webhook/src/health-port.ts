import { type Container, FairleadError, type ProbeHandler } from '@fairlead/core';

const lowestUnprivileged = 1024;
const highestPort = 65_535;

/**
 * Where the traffic-agent answers the kubelet: the first port above the given ones that is not used, else the first
 * below. Fails with `reserved-port` when there is none.
 */
export function healthPort(agentPorts: readonly number[], used: ReadonlySet<number>): number {
  for (let port = Math.max(...agentPorts) + 1; port <= highestPort; port += 1) {
    if (!used.has(port)) return port;
  }
  for (let port = Math.min(...agentPorts) - 1; port >= lowestUnprivileged; port -= 1) {
    if (!used.has(port) && !agentPorts.includes(port)) return port;
  }
  throw new FairleadError('reserved-port', 'the pod has no free port on which the traffic-agent could tell its health');
}

/** The port numbers that a container declares, or that a probe or hook shows it to listen on. */
export function usedPorts(container: Container): number[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
  return [...(container.ports ?? []).map((port) => port.containerPort), ...handlers.flatMap(numbersIn)];
}

function numbersIn(handler: ProbeHandler | undefined): number[] {
  const ports = [handler?.httpGet?.port, handler?.tcpSocket?.port, handler?.grpc?.port];
  return ports.filter((port) => typeof port === 'number');
}
