import type { ApiResource } from '@fairlead/k8s-adapter';
import type { KubernetesObject } from '../kubernetes-object.ts';

const of = (group: string, plural: string, kind: string, namespaced = true): ApiResource => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced,
});

/** Every kind of which an installation may have objects, in an order in which they can be deleted. */
export const installedKinds: readonly ApiResource[] = [
  of('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', false),
  of('batch', 'jobs', 'Job'),
  of('apps', 'deployments', 'Deployment'),
  of('', 'services', 'Service'),
  of('coordination.k8s.io', 'leases', 'Lease'),
  of('', 'secrets', 'Secret'),
  of('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding'),
  of('rbac.authorization.k8s.io', 'roles', 'Role'),
  of('rbac.authorization.k8s.io', 'clusterrolebindings', 'ClusterRoleBinding', false),
  of('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole', false),
  of('', 'serviceaccounts', 'ServiceAccount'),
  of('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition', false),
  of('', 'namespaces', 'Namespace', false),
];

/** Where the API server has objects like this one. */
export function resourceOf({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): ApiResource {
  const known = installedKinds.find((one) => one.kind === kind);
  if (known) return known;
  const [version = 'v1', group = ''] = apiVersion.split('/').reverse();
  return { group, version, plural: `${kind.toLowerCase()}s`, kind, namespaced: true };
}
