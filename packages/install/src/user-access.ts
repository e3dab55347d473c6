import { tunnelUpgrade } from '@fairlead/core';
import { installNames } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { type AccessRule, clusterRole, role, roleBinding } from './rbac.ts';

/**
 * The rights of people: to look at intercepts, to make them, and to reach the traffic-manager. None lets anybody change
 * a workload. Whoever may make an intercept may read the workload's traffic and environment.
 */
export function userAccess(options: Required<InstallOptions>): readonly KubernetesObject[] {
  const { user, view, connect } = installNames;
  const { namespace, aggregateRoles, connectGroups } = options;
  const rules = readingRules(options);
  return [
    clusterRole(view, rules, aggregateRoles ? { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } : {}),
    clusterRole(
      user,
      [...rules, { apiGroups: ['fairlead.dev'], resources: ['intercepts'], verbs: ['create', 'delete'] }],
      aggregateRoles ? { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } : {},
    ),
    role(connect, namespace, connectRules),
    ...(connectGroups.length === 0
      ? []
      : [
          roleBinding(
            connect,
            namespace,
            connectGroups.map((name) => ({ kind: 'Group', name, apiGroup: 'rbac.authorization.k8s.io' })),
          ),
        ]),
  ];
}

function readingRules({ agentConfigMap }: Required<InstallOptions>): readonly AccessRule[] {
  const verbs = ['get', 'list', 'watch'];
  return [
    { apiGroups: ['fairlead.dev'], resources: ['intercepts'], verbs },
    { apiGroups: ['apps'], resources: ['deployments', 'replicasets', 'statefulsets'], verbs },
    { apiGroups: [''], resources: ['services', 'pods'], verbs },
    // For the dry run, which tells whether the stored config is current.
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [agentConfigMap], verbs },
  ];
}

const connectRules: readonly AccessRule[] = [
  // To know the traffic-manager by its certificate, and to reach it through the proxy of the API server.
  { apiGroups: [''], resources: ['services'], resourceNames: [installNames.manager], verbs: ['get'] },
  {
    apiGroups: [''],
    resources: ['services/proxy'],
    resourceNames: [`${installNames.manager}:${tunnelUpgrade.port}`],
    verbs: ['get'],
  },
  // Where something before the API server does not pass that on: to find the pod that leads.
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  // To reach it by port-forward. That is "create"; over a WebSocket it is "get" for older servers.
  { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
];
