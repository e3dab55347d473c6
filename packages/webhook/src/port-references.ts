import type { Container, ProbeHandler } from '@fairlead/core';
import type { DocumentPath } from './json-pointer.ts';

/** A place in a container where the name of one of its ports is written. */
export interface PortReference {
  /** From the container on. */
  readonly path: DocumentPath;
  readonly name: string;
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const hooks = ['postStart', 'preStop'] as const;

/** Every such place: the ports themselves, then probes and lifecycle hooks. gRPC probes know numbers only. */
export function portReferences(container: Container): PortReference[] {
  const ports = (container.ports ?? []).flatMap(({ name }, index) =>
    name ? [{ path: ['ports', index, 'name'], name }] : [],
  );
  return [
    ...ports,
    ...probes.flatMap((probe) => handlerReferences([probe], container[probe])),
    ...hooks.flatMap((hook) => handlerReferences(['lifecycle', hook], container.lifecycle?.[hook])),
  ];
}

function handlerReferences(at: DocumentPath, handler: ProbeHandler | undefined): PortReference[] {
  return (['httpGet', 'tcpSocket'] as const).flatMap((kind) => {
    const port = handler?.[kind]?.port;
    return typeof port === 'string' ? [{ path: [...at, kind, 'port'], name: port }] : [];
  });
}
