import { type CallOptions, FairleadError, type PreflightCheck } from '@fairlead/core';
import { resourcePath } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import type { ManagerLocation } from '../transport/find-manager.ts';
import { remedyOfWrongCa } from './check-webhooks.ts';
import { failing, fine, unknown } from './finding.ts';
import { injectorProbe } from './injector-probe.ts';

const name = 'injector';
const reinstall = 'Somebody who administers the cluster runs fairlead upgrade, or upgrades the Helm release.';

/**
 * Whether the API server reaches the injector: an intercept is created as a dry run, of which nothing comes, and must come
 * back with the requester that the injector writes into it. So who may only intercept can find out as well.
 */
export async function checkInjector(
  connection: KubernetesConnection,
  { namespace: managerNamespace }: ManagerLocation,
  namespace: string,
  options: CallOptions,
): Promise<PreflightCheck> {
  const resource = apiResources.intercepts;
  try {
    const made = await connection.request<{ readonly spec?: { readonly requester?: unknown } }>(
      {
        verb: 'create',
        method: 'POST',
        path: resourcePath(resource, { namespace }),
        query: { dryRun: 'All' },
        resource,
        address: { namespace },
        body: injectorProbe(namespace, 'fairlead doctor'),
        mayRepeat: false,
      },
      options,
    );
    if (made.spec?.requester !== undefined) return fine(name, 'the API server reaches the injector');
    const message =
      'the API server does not ask the injector: the webhook configuration fairlead-intercepts is missing';
    return failing(name, message, reinstall);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof FairleadError)) throw error;
    return judge(error, managerNamespace);
  }
}

function judge(error: FairleadError, managerNamespace: string): PreflightCheck {
  const said = apiStatusOf(error)?.message ?? error.message;
  if (!/failed calling webhook|failed to call webhook/i.test(said)) return unknown(name, error.message, error.hint);
  const why = said.slice(said.indexOf('failed'));
  if (/x509|certificate|tls:/i.test(said)) {
    const message = `the API server does not trust the injector, as its webhook configuration has a wrong CA bundle: ${why}`;
    return failing(name, message, remedyOfWrongCa(managerNamespace));
  }
  const remedy = /service "[^"]*" not found/i.test(said)
    ? reinstall
    : 'See how the manager fares, and whether a network policy or a firewall keeps the API server from its port 8443.';
  return failing(name, `the API server cannot reach the injector: ${why}`, remedy);
}
