import type { PodManifest, StringMap, Workload } from '@fairlead/core';
import { templateHash } from './pod-names.ts';

/** The pod that a workload's controller would create under this name. */
export function podManifest(workload: Workload, name: string): PodManifest {
  const { metadata, spec } = workload.template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name,
      namespace: workload.namespace,
      labels: { ...metadata?.labels, ...controllerLabels(workload, name) },
    },
    spec: withClaims(workload, name, spec),
  };
}

function controllerLabels(workload: Workload, name: string): StringMap {
  switch (workload.kind) {
    case 'Deployment':
      return { 'pod-template-hash': templateHash(workload) };
    case 'StatefulSet':
      return {
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': name.slice(workload.name.length + 1),
      };
    case 'ReplicaSet':
      return {};
  }
}

/** Mounts of a StatefulSet that name no volume are those of its claim templates: each pod has its own. */
function withClaims(workload: Workload, pod: string, spec: PodManifest['spec']): PodManifest['spec'] {
  if (workload.kind !== 'StatefulSet') return spec;
  const volumes = spec.volumes ?? [];
  const known = new Set(volumes.map(({ name }) => name));
  const claimed = new Set(spec.containers.flatMap(({ volumeMounts }) => (volumeMounts ?? []).map(({ name }) => name)));
  const claims = [...claimed].filter((name) => !known.has(name));
  if (claims.length === 0) return spec;
  const own = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-${pod}` } }));
  return { ...spec, volumes: [...volumes, ...own] };
}
