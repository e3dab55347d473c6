import type { Service, UpdateStrategy, Workload, WorkloadKind } from '@fairlead/core';
import type { ServiceObject } from '../objects/service-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';

/** The workload in our words. The template is kept as it is, unknown fields included. */
export function readWorkload(kind: WorkloadKind, { metadata, spec }: WorkloadObject): Workload {
  return {
    namespace: metadata.namespace ?? '',
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    replicas: spec?.replicas ?? 1,
    updateStrategy: strategyOf(kind, spec),
    selector: spec?.selector?.matchLabels ?? {},
    template: spec?.template ?? { spec: { containers: [] } },
  };
}

/** The service in our words. */
export function readService({ metadata, spec }: ServiceObject): Service {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    ports: spec?.ports ?? [],
    ...(spec?.selector && { selector: spec.selector }),
    ...(spec?.clusterIP !== undefined && { clusterIP: spec.clusterIP }),
    ...(spec?.type !== undefined && { type: spec.type }),
  };
}

function strategyOf(kind: WorkloadKind, spec: WorkloadObject['spec']): UpdateStrategy {
  switch (kind) {
    case 'Deployment':
      return spec?.strategy?.type === 'Recreate' ? 'Recreate' : 'RollingUpdate';
    case 'StatefulSet':
      return spec?.updateStrategy?.type === 'OnDelete' ? 'OnDelete' : 'RollingUpdate';
    case 'ReplicaSet':
      return 'OnDelete';
  }
}
