import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesObject as AnyObject } from '@fairlead/k8s-adapter';
import { installNames } from '../install-names.ts';
import type { InstallationObjects } from './installation-objects.ts';

type WebhookObject = AnyObject & {
  readonly webhooks?: readonly { readonly clientConfig?: { readonly service?: { readonly namespace?: string } } }[];
};

/** The traffic-manager's Deployment, as far as it matters. */
export type ManagerObject = AnyObject & {
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly { readonly image?: string; readonly imagePullPolicy?: string }[];
        readonly imagePullSecrets?: readonly { readonly name: string }[];
        readonly nodeSelector?: Readonly<Record<string, string>>;
        readonly tolerations?: readonly Readonly<Record<string, unknown>>[];
      };
    };
  };
};

/** The traffic-manager of the namespace; undefined when there is none. */
export async function readManager(
  objects: InstallationObjects,
  namespace: string,
  options: CallOptions,
): Promise<ManagerObject | undefined> {
  const deployments = objects.like<ManagerObject>({ apiVersion: 'apps/v1', kind: 'Deployment' });
  return await deployments.read({ namespace, name: installNames.manager }, options);
}

/** The namespace of the installation that the cluster asks about new pods; undefined when it asks none. */
export async function installedIn(objects: InstallationObjects, options: CallOptions): Promise<string | undefined> {
  const kind = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
  const found = await objects.like<WebhookObject>(kind).read({ name: installNames.podWebhook }, options);
  return found?.webhooks?.[0]?.clientConfig?.service?.namespace;
}

/**
 * Refuses to touch an installation of another namespace, or one that Helm has made: Helm would not know.
 * A cluster has one Fairlead, as two would both answer for its pods. Fails with `conflict`.
 */
export async function refuseForeign(
  objects: InstallationObjects,
  namespace: string,
  options: CallOptions,
): Promise<void> {
  const elsewhere = await installedIn(objects, options);
  if (elsewhere !== undefined && elsewhere !== namespace) {
    throw new FairleadError('conflict', `Fairlead is installed in namespace ${elsewhere} already`, {
      phase: 'input',
      hint: `Name that namespace with --namespace ${elsewhere}, or uninstall it first: a cluster has one Fairlead.`,
    });
  }
  const manager = await readManager(objects, namespace, options);
  const release = manager?.metadata.annotations?.['meta.helm.sh/release-name'];
  if (release !== undefined) {
    throw new FairleadError('conflict', `Fairlead in namespace ${namespace} was installed by Helm, as ${release}`, {
      phase: 'input',
      hint: `Use helm for it, for example: helm -n ${namespace} upgrade ${release}`,
    });
  }
}
