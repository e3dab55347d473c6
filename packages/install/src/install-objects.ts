import { installNames } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import { interceptCrd } from './intercept-crd.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { commonLabels, labelsOf } from './labels.ts';
import { managerAccess } from './manager-access.ts';
import { managerDeployment } from './manager-deployment.ts';
import { parseInstallOptions } from './parse-install-options.ts';
import { services } from './services.ts';
import { userAccess } from './user-access.ts';
import { webhookConfigurations } from './webhook-configurations.ts';

/**
 * Every object of an installation, in an order in which they can be applied; deleted in the reverse order nothing is asked
 * for that is gone. The Helm chart renders the same. Fails with `bad-request`, naming every option that is wrong.
 */
export function installObjects(given: InstallOptions = {}): readonly KubernetesObject[] {
  const options = parseInstallOptions(given);
  const { namespace } = options;
  const { manager, hooks } = installNames;
  return [
    ...(options.createNamespace ? [namespaceObject(namespace)] : []),
    interceptCrd(),
    serviceAccount(manager, namespace),
    serviceAccount(hooks, namespace),
    ...managerAccess(options),
    ...userAccess(options),
    tlsSecret(namespace),
    lease(namespace),
    ...services(options),
    managerDeployment(options),
    ...webhookConfigurations(options),
  ];
}

function namespaceObject(name: string): KubernetesObject {
  const labels = { ...commonLabels, 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** Pods ask for a token themselves, where they need one. */
function serviceAccount(name: string, namespace: string): KubernetesObject {
  const metadata = { name, namespace, labels: labelsOf('access') };
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false };
}

/** Empty: the traffic-manager fills it, so it needs no right to make Secrets, and it goes with the installation. */
function tlsSecret(namespace: string): KubernetesObject {
  const metadata = { name: installNames.tlsSecret, namespace, labels: labelsOf('manager') };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque' };
}

/** Held by the replica that leads. */
function lease(namespace: string): KubernetesObject {
  const metadata = { name: installNames.manager, namespace, labels: labelsOf('manager') };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata };
}
