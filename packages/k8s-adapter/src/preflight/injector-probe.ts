import { apiVersionOf } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';

/** An intercept of nothing. */
export interface InjectorProbe {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/**
 * An intercept to be created with `dryRun=All`, so that nothing comes of it: the answer has `spec.requester` exactly when
 * the API server reaches the injector. A ready Deployment is not enough to know that, for it takes a moment until the
 * cluster's network leads to new pods. Needs the right to create intercepts in the namespace. `label` says in audit logs
 * who asks.
 */
export function injectorProbe(namespace: string, label: string): InjectorProbe {
  const name = 'fairlead-probe';
  const session = { id: name, fingerprint: '0'.repeat(64), label };
  return {
    apiVersion: apiVersionOf(apiResources.intercepts),
    kind: apiResources.intercepts.kind,
    metadata: { name, namespace },
    spec: { mode: 'wiretap', workload: { namespace, name }, ports: [], session },
  };
}
