import type { Container, PodSpec } from '@fairlead/core';
import { initContainerName } from '@fairlead/webhook';
import { isTcp } from '../network/target-port.ts';

/** Every port of a pod that somebody may want to reach: declared, probed, or led to by a Service. */
export function portsOf(spec: PodSpec, served: readonly number[]): readonly number[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return [...new Set([...containers.flatMap(declared), ...containers.flatMap(probed), ...served])];
}

function declared(container: Container): number[] {
  return (container.ports ?? []).filter(({ protocol }) => isTcp(protocol)).map(({ containerPort }) => containerPort);
}

function probed(container: Container): number[] {
  return [container.livenessProbe, container.readinessProbe, container.startupProbe]
    .flatMap((probe) => [probe?.httpGet?.port, probe?.tcpSocket?.port, probe?.grpc?.port])
    .filter((port) => typeof port === 'number');
}

/** The packet rules that the agent's init container would write: from container port to agent port. */
export function redirectsOf(spec: PodSpec): ReadonlyMap<number, number> {
  const rules = spec.initContainers?.find(({ name }) => name === initContainerName)?.args ?? [];
  return new Map(
    rules.flatMap((rule) => {
      const [, from, to] = /^--redirect=TCP:(\d+):(\d+)$/.exec(rule) ?? [];
      return from === undefined ? [] : [[Number(from), Number(to)] as const];
    }),
  );
}
