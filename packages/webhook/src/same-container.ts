import {
  agentEnvPrefix,
  appEnvPrefix,
  type Container,
  type EnvVar,
  sameQuantity,
  type VolumeMount,
} from '@fairlead/core';
import { carries, isObject, sameJson } from './carries.ts';
import { configDirectory, copiesDirectory, exportDirectory, podInfoDirectory, readyPath } from './sidecar-names.ts';

/** What of a security context is there or not depending on the pod, so that it may be left over. */
const conditionalRights = ['runAsUser', 'runAsGroup', 'seLinuxOptions'] as const;

/**
 * Whether a container that is in the pod already is the wanted one. What others add does not count: defaults of the API
 * server, a LimitRange's resources where none are wanted, another webhook's variables and mounts, a mesh's idea of the
 * readiness probe, and `imagePullPolicy`, which an admission plugin may settle. Everything of ours must be as wanted,
 * and nothing of ours may be left over. `volumeNames` are those of the pod.
 */
export function isSameContainer(actual: Container, wanted: Container, volumeNames: ReadonlySet<string>): boolean {
  return (
    actual.image === wanted.image &&
    (['command', 'args', 'ports', 'envFrom'] as const).every((list) => isSameList(actual[list], wanted[list])) &&
    isSameList(actual.env?.filter(isOwnVariable), wanted.env) &&
    hasSameMounts(actual.volumeMounts ?? [], wanted.volumeMounts ?? [], volumeNames) &&
    (hasForeignProbe(actual) || carries(actual.readinessProbe, wanted.readinessProbe)) &&
    carries(actual.securityContext, wanted.securityContext) &&
    conditionalRights.every((right) => sameJson(actual.securityContext?.[right], wanted.securityContext?.[right])) &&
    carriesResources(actual.resources, wanted.resources)
  );
}

/** Whether somebody else wrote the probe: a mesh leads probes to a port of its own, so that the kubelet gets through. */
export function hasForeignProbe({ readinessProbe }: Container): boolean {
  return readinessProbe !== undefined && readinessProbe.httpGet?.path !== readyPath;
}

function isSameList(actual: readonly unknown[] | undefined, wanted: readonly unknown[] | undefined): boolean {
  return sameJson(actual ?? [], wanted ?? []);
}

function isOwnVariable({ name }: EnvVar): boolean {
  return name.startsWith(agentEnvPrefix) || name.startsWith(appEnvPrefix);
}

/** Order does not matter here: the API server puts its own mount wherever it likes. */
function hasSameMounts(
  actual: readonly VolumeMount[],
  wanted: readonly VolumeMount[],
  volumeNames: ReadonlySet<string>,
): boolean {
  const present = new Map(actual.map((mount) => [mount.mountPath, mount]));
  for (const mount of wanted) {
    if (!sameJson(present.get(mount.mountPath), mount)) return false;
    present.delete(mount.mountPath);
  }
  return [...present.values()].every((mount) => volumeNames.has(mount.name) && !isOwnMount(mount));
}

function isOwnMount({ mountPath }: VolumeMount): boolean {
  return [configDirectory, copiesDirectory, exportDirectory, podInfoDirectory].some((directory) =>
    `${mountPath}/`.startsWith(`${directory}/`),
  );
}

function carriesResources(actual: Container['resources'], wanted: Container['resources']): boolean {
  return Object.entries(wanted ?? {}).every(([kind, quantities]) => {
    const present = actual?.[kind];
    if (!isObject(quantities) || !isObject(present)) return sameJson(present, quantities);
    return Object.entries(quantities).every(([name, quantity]) => sameQuantity(present[name], quantity));
  });
}
