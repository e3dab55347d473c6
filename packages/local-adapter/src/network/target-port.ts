import type { PodSpec, ServicePort } from '@fairlead/core';

/** Whether a protocol as written means TCP: absent and empty do. */
export function isTcp(protocol: string | undefined): boolean {
  return !protocol || protocol === 'TCP';
}

/**
 * The port of a pod that a Service port leads to: a name is looked up in the pod as it runs, so it means whichever
 * container has the name now. Undefined when no container has it.
 */
export function targetPortIn(spec: PodSpec, port: ServicePort): number | undefined {
  const target = port.targetPort || port.port;
  if (typeof target === 'number') return target;
  for (const container of spec.containers) {
    const found = container.ports?.find(({ name, protocol }) => name === target && isTcp(protocol));
    if (found) return found.containerPort;
  }
  return undefined;
}
