import type { Container, PodManifest, PodSpec, VolumeMount } from '@fairlead/core';
import { portReferences } from '../port-references.ts';

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const variableName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const annotationKey =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** What an API server or kubelet would refuse in a pod, as far as mutation could be to blame; empty for a good one. */
export function podFaults({ metadata, spec }: PodManifest): string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return [
    ...repeated(
      'container name',
      containers.map(({ name }) => name),
    ),
    ...repeated(
      'volume',
      (spec.volumes ?? []).map(({ name }) => name),
    ),
    ...(spec.volumes ?? []).filter(({ name }) => !dnsLabel.test(name)).map(({ name }) => `volume name ${name}`),
    ...containers.flatMap((container) =>
      containerFaults(container, spec).map((fault) => `${container.name}: ${fault}`),
    ),
    ...Object.entries(metadata.annotations ?? {})
      .filter(([key, value]) => !annotationKey.test(key) || typeof value !== 'string')
      .map(([key]) => `annotation ${key}`),
  ];
}

/** Whether a text may name a port: the IANA rule, at most 15 characters. */
export function isPortName(name: string): boolean {
  return /^[a-z0-9-]{1,15}$/.test(name) && /[a-z]/.test(name) && !/^-|--|-$/.test(name);
}

function containerFaults(container: Container, spec: PodSpec): string[] {
  const { name, ports = [], env = [], envFrom = [], volumeMounts = [], securityContext } = container;
  const names = ports.flatMap((port) => port.name ?? []);
  const user = securityContext?.runAsUser ?? spec.securityContext?.runAsUser;
  return [
    ...(dnsLabel.test(name) ? [] : ['name']),
    ...repeated('port name', names),
    ...names.filter((port) => !isPortName(port)).map((port) => `port name ${port}`),
    ...ports.filter(({ containerPort: n }) => !(Number.isInteger(n) && n > 0 && n < 65_536)).map(() => 'port number'),
    ...portReferences(container)
      .filter((reference) => !names.includes(reference.name))
      .map((reference) => `${reference.path.join('.')} refers to ${reference.name}`),
    ...env.filter((variable) => !variableName.test(variable.name)).map((variable) => `variable ${variable.name}`),
    ...env.filter(({ value, valueFrom }) => value && valueFrom).map((variable) => `${variable.name} has two sources`),
    ...envFrom.filter(({ prefix }) => prefix && !variableName.test(prefix)).map(({ prefix }) => `prefix ${prefix}`),
    ...repeated(
      'mount path',
      volumeMounts.map(({ mountPath }) => mountPath),
    ),
    ...volumeMounts.flatMap((mount) => mountFaults(mount, spec)),
    ...(securityContext?.runAsNonRoot === true && user === 0 ? ['runs as root though it must not'] : []),
  ];
}

function mountFaults(mount: VolumeMount, spec: PodSpec): string[] {
  return [
    ...((spec.volumes ?? []).some(({ name }) => name === mount.name) ? [] : [`no volume ${mount.name}`]),
    ...(mount.mountPath === '' || mount.mountPath.includes(':') ? [`mount path ${mount.mountPath}`] : []),
    ...(mount.subPath && mount.subPathExpr ? ['subPath and subPathExpr'] : []),
  ];
}

function repeated(what: string, values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) < index).map((value) => `${what} ${value} twice`);
}
