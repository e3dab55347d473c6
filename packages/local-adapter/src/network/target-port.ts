import type { PodSpec, ServicePort, TransportProtocol } from '@fairlead/core';

/** A port of a pod, or of something that leads to pods. */
export interface TransportPort {
  readonly port: number;
  readonly protocol: TransportProtocol;
}

/** A protocol as written: absent and empty mean TCP. Undefined for one that the embedded cluster does not carry. */
export function transportOf(protocol: string | undefined): TransportProtocol | undefined {
  if (!protocol) return 'TCP';
  return protocol === 'TCP' || protocol === 'UDP' ? protocol : undefined;
}

/** Each port once. */
export function distinctPorts(ports: readonly TransportPort[]): readonly TransportPort[] {
  return [...new Map(ports.map((each) => [`${each.port}/${each.protocol}`, each])).values()];
}

/**
 * The port of a pod that a Service port leads to: a name is looked up in the pod as it runs, so it means whichever
 * container has the name now. Undefined when no container has it.
 */
export function targetPortIn(spec: PodSpec, port: ServicePort): number | undefined {
  const target = port.targetPort || port.port;
  if (typeof target === 'number') return target;
  const wanted = transportOf(port.protocol);
  for (const container of spec.containers) {
    const found = container.ports?.find(({ name, protocol }) => name === target && transportOf(protocol) === wanted);
    if (found) return found.containerPort;
  }
  return undefined;
}
