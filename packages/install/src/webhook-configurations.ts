import { installNames } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf } from './labels.ts';

/** Nothing is ever injected in the namespaces of the cluster itself. */
const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/** How long the API server waits for an answer. The traffic-manager gives one before that. */
const timeoutSeconds = 5;

/** On every namespace since Kubernetes 1.21. */
const nameLabel = 'kubernetes.io/metadata.name';

/**
 * Whom the API server asks. About new pods, where no answer means that the pod is created as it is; about intercepts,
 * where no answer means that there is none, as nobody has established who asks. The traffic-manager adds the CA bundle.
 */
export function webhookConfigurations(options: Required<InstallOptions>): readonly KubernetesObject[] {
  const { podWebhook, interceptWebhook } = installNames;
  return [
    configuration(podWebhook, podWebhooks(options)),
    configuration(interceptWebhook, [
      {
        name: 'intercepts.fairlead.dev',
        ...calls('/intercepts', options),
        rules: [
          {
            apiGroups: ['fairlead.dev'],
            apiVersions: ['v1alpha1'],
            resources: ['intercepts'],
            operations: ['CREATE', 'UPDATE'],
            scope: 'Namespaced',
          },
        ],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        reinvocationPolicy: 'Never',
      },
    ]),
  ];
}

function configuration(name: string, webhooks: readonly object[]): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name, labels: labelsOf('injector') },
    webhooks,
  };
}

function podWebhooks(options: Required<InstallOptions>): readonly object[] {
  const { namespace, namespaces, excludedNamespaces } = options;
  const excluded = {
    key: nameLabel,
    operator: 'NotIn',
    values: [...systemNamespaces, namespace, ...excludedNamespaces],
  };
  if (namespaces.length === 0) return [podWebhook('pods.fairlead.dev', [excluded], options)];
  return [
    podWebhook('pods.fairlead.dev', [{ key: nameLabel, operator: 'In', values: [...namespaces] }], options),
    // Older clusters do not label namespaces; there the traffic-manager itself tells which are its business.
    podWebhook('unlabelled.pods.fairlead.dev', [{ key: nameLabel, operator: 'DoesNotExist' }], options),
  ];
}

function podWebhook(name: string, matchExpressions: readonly object[], options: Required<InstallOptions>): object {
  return {
    name,
    ...calls('/pods', options),
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'], scope: 'Namespaced' }],
    namespaceSelector: { matchExpressions },
    failurePolicy: 'Ignore',
    // The workload's first pod with an annotation has its config stored.
    sideEffects: 'NoneOnDryRun',
    // Others may add containers afterwards; the agent takes over the environment and mounts of all.
    reinvocationPolicy: 'IfNeeded',
  };
}

function calls(path: string, { namespace }: Required<InstallOptions>): object {
  return {
    clientConfig: { service: { name: installNames.injector, namespace, path, port: 443 } },
    admissionReviewVersions: ['v1'],
    matchPolicy: 'Equivalent',
    timeoutSeconds,
  };
}
