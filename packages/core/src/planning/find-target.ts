import { agentContainerName, type Container } from '../model/pod.ts';
import type { ServicePort } from '../model/service.ts';
import { isPortNumber } from './port-identifier.ts';
import { protocolOf } from './protocol.ts';

/** The container port that a service port leads to. */
export interface Target {
  readonly container: string;
  /** Empty when it has none or is not declared. */
  readonly portName: string;
  readonly portNumber: number;
  /** The service gives the number, not the name. */
  readonly numeric: boolean;
}

/** Why a service port leads nowhere, as the end of a sentence. */
export interface NoTarget {
  readonly why: string;
}

/** Follows a service port into the containers, as the endpoints of a Service would. */
export function findTarget(servicePort: ServicePort, containers: readonly Container[]): Target | NoTarget {
  const target = servicePort.targetPort || servicePort.port;
  const protocol = protocolOf(servicePort);
  const declared = findDeclared(target, protocol, containers);
  if (declared) {
    return declared.container === agentContainerName ? { why: `the ${agentContainerName} itself serves it` } : declared;
  }
  if (typeof target === 'string') return { why: `no container declares a port named "${target}" for ${protocol}` };
  if (!isPortNumber(target)) return { why: `${target} is not a port number` };
  const silent = firstWithoutPorts(containers);
  if (silent) return { container: silent.name, portName: '', portNumber: target, numeric: true };
  return { why: `no container declares port ${target} for ${protocol}, and none is without declared ports` };
}

/** The first container that declares no ports at all: it may listen wherever it likes. */
export function firstWithoutPorts(containers: readonly Container[]): Container | undefined {
  return containers.find((container) => !container.ports?.length && container.name !== agentContainerName);
}

function findDeclared(target: string | number, protocol: string, containers: readonly Container[]): Target | undefined {
  for (const container of containers) {
    const port = container.ports?.find(
      (port) =>
        protocolOf(port) === protocol && target === (typeof target === 'number' ? port.containerPort : port.name),
    );
    if (port) {
      return {
        container: container.name,
        portName: port.name ?? '',
        portNumber: port.containerPort,
        numeric: typeof target === 'number',
      };
    }
  }
  return undefined;
}
