import { installNames } from './install-names.ts';
import type { InstallOptions } from './install-options.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf } from './labels.ts';
import { parseInstallOptions } from './parse-install-options.ts';
import { restrictedContainer, restrictedPod } from './restricted-pod.ts';

/** What an installation can be asked to do with itself. */
export type HookName = 'uninstall' | 'upgrade';

/** Pods are replaced one after the other; a large cluster takes its time. */
const deadlineSeconds = 900;

/**
 * The Job that asks the traffic-manager to take away what it made (before the installation is deleted), or to bring it up
 * to date (after the installation was upgraded), and ends when that is done. Fails with `bad-request`.
 */
export function hookJob(hook: HookName, given: InstallOptions = {}): KubernetesObject {
  const options = parseInstallOptions(given);
  const { namespace, imagePullSecrets, nodeSelector, tolerations } = options;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `fairlead-${hook}`, namespace, labels: labelsOf('hooks') },
    spec: {
      backoffLimit: 2,
      activeDeadlineSeconds: deadlineSeconds,
      template: {
        metadata: { labels: labelsOf('hooks') },
        spec: {
          serviceAccountName: installNames.hooks,
          automountServiceAccountToken: false,
          restartPolicy: 'Never',
          securityContext: restrictedPod,
          ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
          ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
          ...(tolerations.length > 0 && { tolerations }),
          containers: [container(hook, options)],
          volumes: [identity],
        },
      },
    },
  };
}

function container(hook: HookName, { namespace, image, imagePullPolicy, resources }: Required<InstallOptions>): object {
  return {
    name: 'hook',
    image,
    imagePullPolicy,
    args: ['hook', `https://${installNames.manager}.${namespace}.svc/${hook}`],
    resources,
    securityContext: restrictedContainer,
    // What a hook complains of can then be read from its pod's status.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: 'identity', mountPath: '/var/run/fairlead', readOnly: true }],
  };
}

/** Who asks, and by what the traffic-manager is known. The certificates' keys stay out. */
const identity: object = {
  name: 'identity',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', audience: installNames.tokenAudience, expirationSeconds: 3600 } },
      { secret: { name: installNames.tlsSecret, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
  },
};
