import { agentContainerName, type Container, type ContainerPort } from '../model/pod.ts';
import type { Annotation } from './annotations.ts';
import { type ConnectionDraft, type Drafts, portKey } from './connection-draft.ts';
import { firstWithoutPorts } from './find-target.ts';
import type { AnnotatedPorts, PlanAnnotations } from './plan-annotations.ts';
import type { PlanWarning } from './plan-warning.ts';
import { formatPortIdentifier, identifiesPort, type PortIdentifier } from './port-identifier.ts';
import { isTransportProtocol, protocolOf } from './protocol.ts';
import { badAnnotation, isRefusal, type Refusal } from './refusal.ts';

interface Declared {
  readonly container: string;
  readonly port: ContainerPort;
}

/**
 * Connects the container ports that `inject-container-ports` names, for callers that come without a service. Those that
 * a service connection covers already are passed over.
 */
export function connectContainerPorts(
  wanted: NonNullable<PlanAnnotations['containerPorts']>,
  containers: readonly Container[],
  connected: readonly ConnectionDraft[],
): Drafts | Refusal {
  const drafts: ConnectionDraft[] = [];
  const warnings: PlanWarning[] = [];
  const covered = new Set(connected.map(portKey));
  const found = 'annotation' in wanted ? findWanted(wanted, containers) : declaredPorts(containers);
  if (isRefusal(found)) return found;
  for (const { container, port } of found) {
    const protocol = protocolOf(port);
    if (!isTransportProtocol(protocol)) {
      const label = `container port ${container}:${port.name || port.containerPort}`;
      const message = `${label} is left out: ${protocol} is neither TCP nor UDP`;
      warnings.push({ code: 'unsupported-protocol', message });
      continue;
    }
    const draft = draftOf(container, { ...port, protocol });
    if (covered.has(portKey(draft))) continue;
    covered.add(portKey(draft));
    drafts.push(draft);
  }
  return { drafts, warnings };
}

function declaredPorts(containers: readonly Container[]): readonly Declared[] {
  return containers
    .filter((container) => container.name !== agentContainerName)
    .flatMap((container) => (container.ports ?? []).map((port) => ({ container: container.name, port })));
}

function findWanted(wanted: AnnotatedPorts, containers: readonly Container[]): readonly Declared[] | Refusal {
  const declared = declaredPorts(containers);
  const found: Declared[] = [];
  for (const identifier of wanted.ports) {
    const hits = findDeclared(identifier, declared);
    const made = hits.length === 0 ? undeclared(identifier, containers) : undefined;
    if (hits.length === 0 && !made) return missing(wanted.annotation, identifier, declared);
    found.push(...(made ? [made] : hits));
  }
  return found;
}

/** The first of each protocol, as a named target of a service would find it. */
function findDeclared(identifier: PortIdentifier, declared: readonly Declared[]): readonly Declared[] {
  const hits = new Map<string, Declared>();
  for (const each of declared) {
    const protocol = protocolOf(each.port);
    const port = { name: each.port.name ?? '', number: each.port.containerPort, protocol };
    if (identifiesPort(identifier, port) && !hits.has(protocol)) hits.set(protocol, each);
  }
  return [...hits.values()];
}

/** A number may also be meant for a container that keeps its ports to itself. */
function undeclared({ port, protocol }: PortIdentifier, containers: readonly Container[]): Declared | undefined {
  const silent = firstWithoutPorts(containers);
  if (!silent || typeof port !== 'number') return undefined;
  return { container: silent.name, port: { containerPort: port, protocol: protocol ?? 'TCP' } };
}

function draftOf(container: string, port: ContainerPort & Pick<ConnectionDraft, 'protocol'>): ConnectionDraft {
  return {
    container,
    containerPortName: port.name ?? '',
    containerPort: port.containerPort,
    serviceName: '',
    serviceUID: '',
    servicePortName: '',
    servicePort: 0,
    protocol: port.protocol,
    appProtocol: '',
    headless: false,
    targetPortNumeric: true,
    redirect: 'iptables',
  };
}

function missing(annotation: Annotation, identifier: PortIdentifier, declared: readonly Declared[]): Refusal {
  const rest = typeof identifier.port === 'number' ? ', and none is without declared ports' : '';
  const refusal = badAnnotation(annotation, `no container declares port ${formatPortIdentifier(identifier)}${rest}`);
  const candidates = declared.map(({ container, port }) => `${container}:${port.name || port.containerPort}`);
  return { ...refusal, candidates };
}
