import type { KubernetesObject } from './kubernetes-object.ts';

/** A ConfigMap on the wire. */
export interface ConfigMapObject extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>> | null;
  readonly binaryData?: Readonly<Record<string, string>> | null;
}
