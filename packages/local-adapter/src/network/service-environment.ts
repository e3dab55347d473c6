import type { Service } from '@fairlead/core';
import type { Front } from './front.ts';
import type { TransportPort } from './target-port.ts';

/** A Service port as callers know it. */
export interface CalledPort extends TransportPort {
  readonly name: string | undefined;
  /** What callers call it by: the service port, for headless Services the target port. */
  readonly port: number;
}

/**
 * The variables by which a Service tells containers where it is, as Kubernetes writes them, with the real ports. A
 * headless Service and a StatefulSet's pod get them as well, for there is no DNS.
 */
export function serviceVariables(name: string, front: Front, ports: readonly CalledPort[]): Record<string, string> {
  const prefix = name.toUpperCase().replaceAll(/[-.]/g, '_');
  const { host } = front;
  const variables: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: host };
  for (const [index, { name: portName, port, protocol }] of ports.entries()) {
    const real = String(front.ports.get(port) ?? port);
    const url = `${protocol.toLowerCase()}://${host}:${real}`;
    if (index === 0) {
      variables[`${prefix}_SERVICE_PORT`] = real;
      variables[`${prefix}_PORT`] = url;
    }
    if (portName) variables[`${prefix}_SERVICE_PORT_${portName.toUpperCase().replaceAll('-', '_')}`] = real;
    const link = `${prefix}_PORT_${port}_${protocol}`;
    Object.assign(variables, {
      [link]: url,
      [`${link}_PROTO`]: protocol.toLowerCase(),
      [`${link}_PORT`]: real,
      [`${link}_ADDR`]: host,
    });
  }
  return variables;
}

/** Whether a Service is one that callers can be led to: it has ports and is no alias. */
export function isReachable(service: Service): boolean {
  return service.type !== 'ExternalName' && service.ports.length > 0;
}
