import type { Container, PodSpec, TransportProtocol } from '@fairlead/core';
import { initContainerName } from '@fairlead/webhook';
import type { Redirects } from '../network/pod-network.ts';
import { distinctPorts, type TransportPort, transportOf } from '../network/target-port.ts';

/** Every port of a pod that somebody may want to reach: declared, probed, or led to by a Service. */
export function portsOf(spec: PodSpec, served: readonly TransportPort[]): readonly TransportPort[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return distinctPorts([...containers.flatMap(declaredPorts), ...containers.flatMap(probed), ...served]);
}

/** The ports that a container declares, as far as they can be had here. */
export function declaredPorts(container: Container): readonly TransportPort[] {
  return (container.ports ?? []).flatMap(({ containerPort, protocol: written }) => {
    const protocol = transportOf(written);
    return protocol ? [{ port: containerPort, protocol }] : [];
  });
}

function probed(container: Container): readonly TransportPort[] {
  return [container.livenessProbe, container.readinessProbe, container.startupProbe]
    .flatMap((probe) => [probe?.httpGet?.port, probe?.tcpSocket?.port, probe?.grpc?.port])
    .filter((port) => typeof port === 'number')
    .map((port) => ({ port, protocol: 'TCP' }));
}

/** The packet rules that the agent's init container would write. */
export function redirectsOf(spec: PodSpec): Redirects {
  const redirects: Record<TransportProtocol, Map<number, number>> = { TCP: new Map(), UDP: new Map() };
  for (const rule of spec.initContainers?.find(({ name }) => name === initContainerName)?.args ?? []) {
    const [, protocol, from, to] = /^--redirect=(TCP|UDP):(\d+):(\d+)$/.exec(rule) ?? [];
    if (protocol) redirects[protocol as TransportProtocol].set(Number(from), Number(to));
  }
  return redirects;
}
