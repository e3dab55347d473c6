import type { ServicePort, StringMap } from '@fairlead/core';
import type { KubernetesObject } from './kubernetes-object.ts';

/** A Service on the wire. */
export interface ServiceObject extends KubernetesObject {
  readonly spec?: {
    readonly selector?: StringMap;
    readonly clusterIP?: string;
    readonly type?: string;
    readonly ports?: readonly ServicePort[];
  };
}

/** The addresses behind a Service. */
export interface EndpointsObject extends KubernetesObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly notReadyAddresses?: readonly { readonly ip: string }[];
  }[];
}
