import type { KubernetesObject } from './kubernetes-object.ts';

/**
 * An intercept to be created with `dryRun=All`, so that nothing comes of it: the answer has `spec.requester` exactly when
 * the API server reaches the injector. A ready Deployment is not enough to know that, for it takes a moment until the
 * cluster's network leads to new pods. Needs the right to create intercepts in the namespace.
 */
export function injectorProbe(namespace: string): KubernetesObject {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Intercept',
    metadata: { name: 'fairlead-probe', namespace },
    spec: {
      mode: 'wiretap',
      workload: { namespace, name: 'fairlead-probe' },
      ports: [],
      session: { id: 'fairlead-probe', fingerprint: '0'.repeat(64), label: 'fairlead install' },
    },
  };
}
