import type { Service, ServicePort } from '@fairlead/core';
import type { Field } from './field.ts';
import { dnsLabel, ianaPortName } from './names.ts';

/** Reads a Service. What is wrong is reported on the fields. */
export function readService(root: Field, namespace: string, name: string): Service {
  const spec = root.at('spec').require();
  const type = spec.at('type').oneOf(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']);
  const clusterIP = spec.at('clusterIP').string();
  const ports = spec.at('ports');
  const items = ports.items();
  if (items.length === 0 && type !== 'ExternalName' && clusterIP !== 'None') ports.report('needs at least one port');
  checkNames(items);
  return {
    namespace,
    name,
    uid: root.at('metadata').at('uid').string() ?? '',
    ...(!spec.at('selector').absent && { selector: spec.at('selector').stringMap() }),
    ...(clusterIP !== undefined && { clusterIP }),
    ...(type !== undefined && { type }),
    ports: items.map(readPort),
  };
}

function checkNames(ports: readonly Field[]): void {
  const names = new Set<string>();
  for (const port of ports) {
    const name = port.at('name');
    if (ports.length > 1) name.require();
    const text = dnsLabel(name);
    if (text !== undefined && names.has(text)) name.report(`is the name of another port of the service too: ${text}`);
    if (text !== undefined) names.add(text);
  }
}

function readPort(field: Field): ServicePort {
  const name = field.at('name').string();
  const protocol = field.at('protocol').oneOf(['TCP', 'UDP', 'SCTP', '']);
  const appProtocol = field.at('appProtocol').string();
  const nodePort = field.at('nodePort').integer(0, 65535);
  const target = field.at('targetPort');
  const targetPort = typeof target.value === 'string' ? ianaPortName(target) : target.integer(0, 65535);
  return {
    ...(name !== undefined && { name }),
    port: field.at('port').require().integer(1, 65535) ?? 0,
    ...(targetPort !== undefined && { targetPort }),
    ...(protocol !== undefined && { protocol }),
    ...(appProtocol !== undefined && { appProtocol }),
    ...(nodePort !== undefined && { nodePort }),
  };
}
