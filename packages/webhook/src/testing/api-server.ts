import type { Container, EnvVar, PodManifest, Probe, Volume } from '@fairlead/core';

/** What else happens to a pod on its way through admission. */
export interface AdmissionOptions {
  /** A LimitRange gives these to containers without limits. */
  readonly limits?: Readonly<Record<string, string>>;
  /** The ServiceAccount plugin mounts a token into every container that has none. */
  readonly tokenVolume?: string;
}

/** The pod as it comes back from an API server: defaults filled in, as Kubernetes 1.33 does it. */
export function admitted(pod: PodManifest, { limits, tokenVolume }: AdmissionOptions = {}): PodManifest {
  const { spec } = pod;
  const complete = (container: Container): Container => {
    const filled = defaultedContainer(container, limits);
    return tokenVolume ? withToken(filled, tokenVolume) : filled;
  };
  const token: Volume[] =
    tokenVolume && !spec.volumes?.some(({ name }) => name === tokenVolume)
      ? [{ name: tokenVolume, projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 'token' } }] } }]
      : [];
  const volumes = [...(spec.volumes ?? []), ...token].map(defaultedVolume);
  return {
    ...pod,
    spec: {
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      ...spec,
      ...(volumes.length > 0 && { volumes }),
      containers: spec.containers.map(complete),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(complete) }),
    } as PodManifest['spec'],
  };
}

function defaultedContainer(container: Container, limits: AdmissionOptions['limits']): Container {
  const { ports, env, livenessProbe, readinessProbe, startupProbe } = container;
  return {
    imagePullPolicy: 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: limits ? { limits, requests: limits } : {},
    ...container,
    ...(ports && { ports: ports.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })) }),
    ...(env && { env: env.map(defaultedVariable) }),
    ...(livenessProbe && { livenessProbe: defaultedProbe(livenessProbe) }),
    ...(readinessProbe && { readinessProbe: defaultedProbe(readinessProbe) }),
    ...(startupProbe && { startupProbe: defaultedProbe(startupProbe) }),
  } as Container;
}

function defaultedVariable(variable: EnvVar): EnvVar {
  const { fieldRef, resourceFieldRef } = (variable.valueFrom ?? {}) as Readonly<Record<string, object | undefined>>;
  if (fieldRef) return { ...variable, valueFrom: { fieldRef: { apiVersion: 'v1', ...fieldRef } } };
  if (resourceFieldRef) return { ...variable, valueFrom: { resourceFieldRef: { divisor: '0', ...resourceFieldRef } } };
  return variable;
}

function defaultedProbe(probe: Probe): Probe {
  const timing = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  const { httpGet } = probe;
  return { ...timing, ...probe, ...(httpGet && { httpGet: { path: '/', scheme: 'HTTP', ...httpGet } }) };
}

function defaultedVolume(volume: Volume): Volume {
  const modes = ['configMap', 'secret', 'downwardAPI', 'projected'].filter((source) => source in volume);
  const filled = modes.map((source) => [source, { defaultMode: 420, ...(volume[source] as object) }]);
  return { ...volume, ...Object.fromEntries(filled) };
}

function withToken(container: Container, name: string): Container {
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
  const mounts = container.volumeMounts ?? [];
  if (mounts.some((mount) => mount.mountPath === mountPath)) return container;
  return { ...container, volumeMounts: [...mounts, { name, mountPath, readOnly: true }] };
}
