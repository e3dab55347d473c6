import { FairleadError, type PodManifest, type PodMetadata } from '@fairlead/core';
import { isObject } from '../carries.ts';
import type { AdmissionRequest } from './admission-request.ts';

/** Who owns an object, as it stands in its metadata. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** True for the one owner that looks after the object. */
  readonly controller?: boolean;
}

/** A pod on its way into the cluster. */
export interface AdmittedPod extends PodManifest {
  readonly metadata: PodMetadata & { readonly ownerReferences?: readonly OwnerReference[] };
}

/**
 * The pod that a request is about. Controllers leave the namespace out, as it stands in the address they post to, so it is
 * taken from the request. Fails with `bad-manifest` when there is no pod in it.
 */
export function admittedPod({ object, namespace }: AdmissionRequest): AdmittedPod {
  if (!object || !isObject(object.metadata)) throw new FairleadError('bad-manifest', 'metadata is missing');
  if (!isObject(object.spec)) throw new FairleadError('bad-manifest', 'spec is missing');
  const pod = object as unknown as AdmittedPod;
  return pod.metadata.namespace || namespace === '' ? pod : { ...pod, metadata: { ...pod.metadata, namespace } };
}

/** The controller of a pod; undefined for one that stands alone. */
export function controllerOf(pod: AdmittedPod): OwnerReference | undefined {
  return pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
}
