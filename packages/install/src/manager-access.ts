import { installNames } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { type AccessRule, clusterRole, clusterRoleBinding, role, roleBinding, type Subject } from './rbac.ts';

/**
 * The rights of the traffic-manager: what concerns the cluster itself, what concerns workloads (everywhere, or in the
 * listed namespaces only), and what concerns its own namespace. Nothing lets it edit a workload, unless that is asked for.
 */
export function managerAccess(options: Required<InstallOptions>): readonly KubernetesObject[] {
  const { manager } = installNames;
  const { namespace, namespaces } = options;
  const subjects: readonly Subject[] = [{ kind: 'ServiceAccount', name: manager, namespace }];
  const everywhere = namespaces.length === 0 ? workloadRules(options) : [];
  return [
    clusterRole(manager, [...clusterRules, ...everywhere]),
    clusterRoleBinding(manager, subjects),
    role(manager, namespace, ownRules),
    roleBinding(manager, namespace, subjects),
    ...namespaces.flatMap((watched) => [
      role(manager, watched, workloadRules(options)),
      roleBinding(manager, watched, subjects),
    ]),
  ];
}

const clusterRules: readonly AccessRule[] = [
  // create: to learn which pod an agent's token belongs to, and who calls a hook.
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  // create: to learn whether whoever made an intercept still has the right to.
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  {
    // get, patch: to write the CA bundle of the certificates that it makes into its own two configurations. list, watch: to
    // notice when somebody takes that away.
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations'],
    resourceNames: [installNames.podWebhook, installNames.interceptWebhook],
    verbs: ['get', 'list', 'patch', 'watch'],
  },
];

const ownRules: readonly AccessRule[] = [
  // get, update: to keep the certificates that it makes; the Secret comes with the installation.
  { apiGroups: [''], resources: ['secrets'], resourceNames: [installNames.tlsSecret], verbs: ['get', 'update'] },
  {
    // get, update: to agree with other replicas on who leads; the Lease comes with the installation.
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [installNames.manager],
    verbs: ['get', 'update'],
  },
  // list, patch: to put the leader's label on its own pod, and to see that no other pod has it.
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] },
  // patch: to tell on its Service by which authorities clients know it.
  { apiGroups: [''], resources: ['services'], resourceNames: [installNames.manager], verbs: ['patch'] },
];

function workloadRules({ agentConfigMap, rollout }: Required<InstallOptions>): readonly AccessRule[] {
  return [
    {
      // get, list, watch: to find what is to be intercepted and to follow its changes.
      // patch, only for rollout "restart": to annotate the pod template.
      apiGroups: ['apps'],
      resources: ['deployments', 'replicasets', 'statefulsets'],
      verbs: ['get', 'list', 'watch', ...(rollout === 'restart' ? ['patch'] : [])],
    },
    // get, list, watch: services to plan by; endpoints to see that a pod on its way out gets no more traffic.
    { apiGroups: [''], resources: ['services', 'endpoints'], verbs: ['get', 'list', 'watch'] },
    {
      // get, list, watch: to see whether pods carry their config and are ready.
      // patch, delete: to have a pod replaced by one with the traffic-agent before it goes.
      apiGroups: [''],
      resources: ['pods'],
      verbs: ['get', 'list', 'watch', 'patch', 'delete'],
    },
    // create: to have pods replaced one by one where disruption budgets have to agree.
    { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    // create cannot be bound to a name.
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    {
      // All else is bound to the one ConfigMap that holds agent configs. Lists and watches select it by name.
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: [agentConfigMap],
      verbs: ['get', 'list', 'watch', 'update', 'patch', 'delete'],
    },
    // list: to learn why a pod does not start. create, patch: to tell on the workload what was done to it.
    { apiGroups: [''], resources: ['events'], verbs: ['list', 'create', 'patch'] },
    // delete: to free what silent sessions hold.
    { apiGroups: ['fairlead.dev'], resources: ['intercepts'], verbs: ['get', 'list', 'watch', 'delete'] },
    // get, update, patch: to tell how an intercept stands.
    { apiGroups: ['fairlead.dev'], resources: ['intercepts/status'], verbs: ['get', 'update', 'patch'] },
  ];
}
