import type { Container } from '../model/pod.ts';
import { isHeadless, type Service, type ServicePort } from '../model/service.ts';
import type { ConnectionDraft, Drafts } from './connection-draft.ts';
import { findTarget } from './find-target.ts';
import type { AnnotatedPorts } from './plan-annotations.ts';
import type { PlanWarning } from './plan-warning.ts';
import { formatPortIdentifier, identifiesPort, type PortIdentifier } from './port-identifier.ts';
import { isTransportProtocol, protocolOf } from './protocol.ts';

/**
 * Connects every port of the services, or those that an annotation names, to a container port. Connections come in the
 * order of the services and of their ports.
 */
export function connectServices(
  services: readonly Service[],
  containers: readonly Container[],
  wanted: AnnotatedPorts | undefined,
): Drafts {
  const drafts: ConnectionDraft[] = [];
  const warnings: PlanWarning[] = [...warnOfUnmatched(services, wanted)];
  for (const service of services) {
    for (const port of service.ports) {
      if (wanted && !wanted.ports.some((identifier) => identifies(identifier, port))) continue;
      const result = connect(service, port, containers);
      if ('code' in result) warnings.push(result);
      else drafts.push(result);
    }
  }
  return { drafts, warnings };
}

function connect(service: Service, port: ServicePort, containers: readonly Container[]): ConnectionDraft | PlanWarning {
  const protocol = protocolOf(port);
  const label = `service port ${service.name}:${port.name || port.port}`;
  if (!isTransportProtocol(protocol)) {
    return { code: 'unsupported-protocol', message: `${label} is left out: ${protocol} is neither TCP nor UDP` };
  }
  const target = findTarget(port, containers);
  if ('why' in target) return { code: 'unconnected-port', message: `${label} is left out: ${target.why}` };
  const headless = isHeadless(service);
  return {
    container: target.container,
    containerPortName: target.portName,
    containerPort: target.portNumber,
    serviceName: service.name,
    serviceUID: service.uid,
    servicePortName: port.name ?? '',
    servicePort: port.port,
    protocol,
    appProtocol: port.appProtocol ?? '',
    headless,
    targetPortNumeric: target.numeric,
    redirect: target.numeric || headless ? 'iptables' : 'rename',
  };
}

/** A number means the service port. In Telepresence it means the target port: see the decision on planning. */
function identifies(identifier: PortIdentifier, port: ServicePort): boolean {
  return identifiesPort(identifier, { name: port.name ?? '', number: port.port, protocol: protocolOf(port) });
}

function warnOfUnmatched(services: readonly Service[], wanted: AnnotatedPorts | undefined): readonly PlanWarning[] {
  const ports = services.flatMap((service) => service.ports.map((port) => ({ service, port })));
  return (wanted?.ports ?? [])
    .filter((identifier) => !ports.some(({ port }) => identifies(identifier, port)))
    .map((identifier) => {
      const behind = ports.find(({ port }) => port.targetPort === identifier.port);
      const instead = behind && `: it is the target of ${behind.service.name}:${behind.port.name || behind.port.port}`;
      const text = formatPortIdentifier(identifier);
      return {
        code: 'unmatched-annotation',
        message: `annotation ${wanted?.annotation.key} names ${text}, which no service has as a port${instead ?? ''}`,
      };
    });
}
