import { installNames, managerPorts } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf, managerSelector } from './labels.ts';

/**
 * The way to the replica that leads, for agents, sessions and hooks: what they need is in its memory. And the way to any
 * replica, for the API server.
 */
export function services({ namespace }: Required<InstallOptions>): readonly KubernetesObject[] {
  const { manager, injector, roleLabel } = installNames;
  const webhook = servicePort('webhook', 443, managerPorts.webhook);
  return [
    service(manager, namespace, { ...managerSelector, [roleLabel]: 'leader' }, [
      webhook,
      servicePort('tunnel', managerPorts.tunnel, managerPorts.tunnel),
      servicePort('proxied', managerPorts.proxied, managerPorts.proxied),
      servicePort('metrics', managerPorts.metrics, managerPorts.metrics),
    ]),
    service(injector, namespace, managerSelector, [webhook]),
  ];
}

function servicePort(name: string, port: number, targetPort: number): object {
  return { name, port, protocol: 'TCP', targetPort };
}

function service(
  name: string,
  namespace: string,
  selector: Readonly<Record<string, string>>,
  ports: readonly object[],
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: labelsOf('manager') },
    spec: { type: 'ClusterIP', selector, ports },
  };
}
