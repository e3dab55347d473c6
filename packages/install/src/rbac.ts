import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf } from './labels.ts';

/** What may be done to what. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Only these objects. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Who has a role. */
export type Subject =
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string }
  | { readonly kind: 'Group'; readonly name: string; readonly apiGroup: 'rbac.authorization.k8s.io' };

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;

/** A ClusterRole. */
export function clusterRole(
  name: string,
  rules: readonly AccessRule[],
  labels: Readonly<Record<string, string>> = {},
): KubernetesObject {
  return { apiVersion, kind: 'ClusterRole', metadata: { name, labels: { ...labelsOf('access'), ...labels } }, rules };
}

/** A Role of a namespace. */
export function role(name: string, namespace: string, rules: readonly AccessRule[]): KubernetesObject {
  return { apiVersion, kind: 'Role', metadata: { name, namespace, labels: labelsOf('access') }, rules };
}

/** Gives a ClusterRole to subjects, in the whole cluster. */
export function clusterRoleBinding(name: string, subjects: readonly Subject[]): KubernetesObject {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: labelsOf('access') },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
    subjects,
  };
}

/** Gives a Role of a namespace to subjects. */
export function roleBinding(name: string, namespace: string, subjects: readonly Subject[]): KubernetesObject {
  return {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name, namespace, labels: labelsOf('access') },
    roleRef: { apiGroup: group, kind: 'Role', name },
    subjects,
  };
}
