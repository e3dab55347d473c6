import type { Field } from './field.ts';
import { dnsLabel, ianaPortName } from './names.ts';

/**
 * Checks what Fairlead reads of a `template` by the API server's rules; the rest passes unread. `claims` are the names
 * of volumes that come from outside the template.
 */
export function checkPodTemplate(template: Field, claims: readonly (string | undefined)[]): void {
  template.require().record();
  const metadata = template.at('metadata');
  metadata.at('labels').stringMap();
  metadata.at('annotations').stringMap();
  const spec = template.at('spec').require();
  const own = spec.at('volumes').items();
  const volumes = new Set([...claims, ...own.map((volume) => dnsLabel(volume.at('name').require()))]);
  const containers = spec.at('containers').require();
  if (Array.isArray(containers.value) && containers.value.length === 0)
    containers.report('needs at least one container');
  const names = new Set<string>();
  for (const container of [...containers.items(), ...spec.at('initContainers').items()]) {
    checkContainer(container, names, volumes);
  }
}

function checkContainer(container: Field, names: Set<string>, volumes: ReadonlySet<string | undefined>): void {
  const name = container.at('name').require();
  const text = dnsLabel(name);
  if (text !== undefined && names.has(text)) name.report(`is the name of another container too: ${text}`);
  if (text !== undefined) names.add(text);
  for (const list of ['command', 'args']) {
    for (const item of container.at(list).items()) item.require().string();
  }
  container.at('image').string();
  container.at('workingDir').string();
  checkPorts(container.at('ports'));
  checkEnvironment(container);
  for (const mount of container.at('volumeMounts').items()) {
    mount.at('mountPath').require().string();
    const volume = mount.at('name').require();
    const wanted = volume.string();
    if (wanted !== undefined && !volumes.has(wanted)) volume.report(`names no volume of the pod: ${wanted}`);
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) checkProbe(container.at(probe));
}

function checkPorts(ports: Field): void {
  const names = new Set<string>();
  for (const port of ports.items()) {
    port.at('containerPort').require().integer(1, 65535);
    port.at('protocol').oneOf(['TCP', 'UDP', 'SCTP', '']);
    const name = port.at('name');
    if (name.value === '') continue;
    const text = ianaPortName(name);
    if (text === undefined) continue;
    if (names.has(text)) name.report(`is the name of another port of the container too: ${text}`);
    names.add(text);
  }
}

function checkEnvironment(container: Field): void {
  for (const variable of container.at('env').items()) {
    const name = variable.at('name').require().string();
    if (name !== undefined && (name === '' || /[=\0]/.test(name)))
      variable.at('name').report('is no name of a variable');
    variable.at('value').string();
    const from = variable.at('valueFrom');
    from.record();
    if (!from.absent && typeof variable.at('value').value === 'string' && variable.at('value').value !== '') {
      variable.report('has both a value and a valueFrom');
    }
  }
  for (const source of container.at('envFrom').items()) {
    source.at('prefix').string();
    if (source.at('configMapRef').absent === source.at('secretRef').absent) {
      source.report('needs a configMapRef or a secretRef');
    }
  }
}

function checkProbe(probe: Field): void {
  if (probe.absent || probe.record() === undefined) return;
  const handlers = ['httpGet', 'tcpSocket', 'grpc', 'exec'].filter((handler) => !probe.at(handler).absent);
  if (handlers.length !== 1) probe.report('needs exactly one of httpGet, tcpSocket, grpc, exec');
  for (const handler of handlers.filter((candidate) => candidate !== 'exec')) {
    const port = probe.at(handler).at('port').require();
    if (typeof port.value === 'string') ianaPortName(port);
    else port.integer(1, 65535);
  }
  for (const item of probe.at('exec').at('command').items()) item.require().string();
  probe.at('initialDelaySeconds').integer(0, Number.MAX_SAFE_INTEGER);
  for (const count of ['periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold']) {
    // Zero means the default, as for the API server.
    probe.at(count).integer(0, Number.MAX_SAFE_INTEGER);
  }
}
