import type { Service, Workload } from '@fairlead/core';
import type { KubernetesObject, OwnerReference } from '../objects/kubernetes-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';
import type { StoredObject } from './object-store.ts';

/** The store's names of what the fixtures make. */
export const stores: { readonly [Kind in 'Deployment' | 'StatefulSet' | 'ReplicaSet' | 'Pod' | 'Service']: string } = {
  Deployment: 'apps/v1/deployments',
  StatefulSet: 'apps/v1/statefulsets',
  ReplicaSet: 'apps/v1/replicasets',
  Pod: 'v1/pods',
  Service: 'v1/services',
};

/** The object that a workload in our words comes from. */
export function workloadObject(workload: Workload): WorkloadObject {
  const { namespace, name, labels, annotations, kind, replicas, selector, template, updateStrategy } = workload;
  const strategy = kind === 'Deployment' ? { strategy: { type: updateStrategy } } : {};
  const updating = kind === 'StatefulSet' ? { updateStrategy: { type: updateStrategy }, serviceName: name } : {};
  return {
    metadata: { namespace, name, labels, annotations },
    spec: { replicas, selector: { matchLabels: selector }, template, ...strategy, ...updating },
  };
}

/** The object that a service in our words comes from; the cluster chooses the address. */
export function serviceObject(service: Service): KubernetesObject {
  const { namespace, name, selector, ports, type, clusterIP } = service;
  const address = clusterIP === 'None' ? { clusterIP } : {};
  return { metadata: { namespace, name }, spec: { selector, ports, type, ...address } } as KubernetesObject;
}

/** A reference to the object as the one that controls. */
export function controlledBy(kind: string, { metadata }: StoredObject): OwnerReference {
  return { apiVersion: 'apps/v1', kind, name: metadata.name, uid: metadata.uid, controller: true };
}
