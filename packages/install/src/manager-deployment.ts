import { installNames, managerPorts } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf, managerSelector } from './labels.ts';
import { managerEnvironment } from './manager-environment.ts';
import { restrictedContainer, restrictedPod } from './restricted-pod.ts';

/** The traffic-manager's Deployment. */
export function managerDeployment(options: Required<InstallOptions>): KubernetesObject {
  const { namespace, replicas } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: installNames.manager, namespace, labels: labelsOf('manager') },
    spec: {
      replicas,
      selector: { matchLabels: managerSelector },
      // A successor is ready to answer the API server before its predecessor goes.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: labelsOf('manager'),
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(managerPorts.metrics) },
        },
        spec: podSpec(options),
      },
    },
  };
}

function podSpec(options: Required<InstallOptions>): object {
  const { imagePullSecrets, nodeSelector, tolerations } = options;
  return {
    serviceAccountName: installNames.manager,
    automountServiceAccountToken: true,
    securityContext: restrictedPod,
    terminationGracePeriodSeconds: 30,
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations }),
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: managerSelector } },
          },
        ],
      },
    },
    containers: [container(options)],
  };
}

function container(options: Required<InstallOptions>): object {
  const { image, imagePullPolicy, resources } = options;
  const asked = (path: string): object => ({ httpGet: { path, port: 'webhook', scheme: 'HTTPS' } });
  return {
    name: 'manager',
    image,
    imagePullPolicy,
    args: ['manager'],
    env: managerEnvironment(options),
    ports: Object.entries(managerPorts).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    readinessProbe: { ...asked('/readyz'), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    // Generous: a busy machine is no reason to cut tunnels.
    livenessProbe: {
      ...asked('/healthz'),
      initialDelaySeconds: 20,
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    resources,
    securityContext: restrictedContainer,
  };
}
