import type { CallOptions, Preflight, PreflightCheck, PreflightProblem, PreflightReport } from '@fairlead/core';
import { apiVersionOf, qualifiedName } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { defaultManager, type ManagerLocation } from '../transport/find-manager.ts';
import type { TunnelWay } from '../transport/tunnel-way.ts';
import { KubernetesWorkloadResolver } from '../workloads/kubernetes-workload-resolver.ts';
import { checkInjector } from './check-injector.ts';
import { checkManager, checkVersions } from './check-manager.ts';
import { checkPodSecurity } from './check-pod-security.ts';
import { checkQuota } from './check-quota.ts';
import { checkWebhooks } from './check-webhooks.ts';
import { failing, fine, unknown } from './finding.ts';
import { type NeededRight, neededRights, type RightSets } from './needed-rights.ts';
import { isSupported, oldestServer, readServerVersion, type ServerVersion } from './server-version.ts';

/**
 * The preflight of a Kubernetes cluster: the server's version, the installation, rights by SelfSubjectAccessReview, the way
 * to the injector by a dry run, and what the namespace would say to agents.
 */
export class KubernetesPreflight implements Preflight {
  readonly #connection: KubernetesConnection;
  readonly #manager: ManagerLocation;
  readonly #tunnel: TunnelWay | undefined;

  /** The manager is looked for where it is by default, unless it is said otherwise. Default of `tunnel`: either way will do. */
  constructor(connection: KubernetesConnection, manager: Partial<ManagerLocation> = {}, tunnel?: TunnelWay) {
    this.#connection = connection;
    this.#manager = { ...defaultManager, ...manager };
    this.#tunnel = tunnel;
  }

  async check(namespace: string, options: CallOptions = {}): Promise<PreflightReport> {
    options.signal?.throwIfAborted();
    const manager = this.#manager;
    const connection = this.#connection;
    const resolver = new KubernetesWorkloadResolver(connection);
    const version = await versionIfShown(connection, options);
    const [isDefined, lacking, found, versions, webhooks, podSecurity, quota] = await Promise.all([
      isInstalled(connection, options),
      missingRights(connection, neededRights(namespace, manager, this.#tunnel), options),
      checkManager(connection, manager, options),
      checkVersions(connection, manager, options),
      checkWebhooks(connection, manager, options),
      checkPodSecurity(connection, resolver, namespace, options),
      checkQuota(connection, manager, namespace, options),
    ]);
    const rights = lacking.map((right) => missingRight(right, manager));
    // What is not there cannot be reached, and its webhooks are not missed for themselves.
    const isThere = isDefined && found.state !== 'failing';
    const mayIntercept = !lacking.some(({ verb, resource }) => verb === 'create' && resource.plural === 'intercepts');
    const after = 'not looked at, as it needs what is in the way above';
    const checks = [
      checkVersion(version),
      isDefined ? fine('definition', 'the cluster knows intercepts.fairlead.dev') : notInstalled,
      found,
      isThere ? versions : unknown('version', after),
      ...(rights.length === 0 ? [fine('rights', `you may intercept in namespace ${namespace}`)] : rights),
      isThere && mayIntercept
        ? await checkInjector(connection, manager, namespace, options)
        : unknown('injector', after),
      isThere ? webhooks : unknown('webhooks', after),
      podSecurity,
      quota,
    ];
    return { serverVersion: version?.text ?? '', checks, problems: checks.flatMap(problemOf) };
  }
}

/** What is in the way of every intercept here, by the check that found it. */
const kinds: Readonly<Record<string, PreflightProblem['kind']>> = {
  server: 'version',
  definition: 'installation',
  manager: 'installation',
  version: 'version',
  rights: 'right',
  injector: 'installation',
  webhooks: 'installation',
};

function problemOf({ name, state, message, remedy = '' }: PreflightCheck): readonly PreflightProblem[] {
  const kind = kinds[name];
  return state === 'failing' && kind ? [{ kind, message, remedy }] : [];
}

/** Some clusters hide even their version from most users. */
async function versionIfShown(
  connection: KubernetesConnection,
  options: CallOptions,
): Promise<ServerVersion | undefined> {
  try {
    return await readServerVersion(connection, options);
  } catch (error) {
    if (apiStatusOf(error)?.status !== 403) throw error;
    return undefined;
  }
}

function checkVersion(version: ServerVersion | undefined): PreflightCheck {
  if (!version) return unknown('server', 'the API server does not tell its version');
  return isSupported(version) ? fine('server', `Kubernetes ${version.text}`) : tooOld(version.text);
}

async function missingRights(
  connection: KubernetesConnection,
  needed: readonly RightSets[],
  options: CallOptions,
): Promise<readonly NeededRight[]> {
  const missingOf = async (rights: readonly NeededRight[]): Promise<readonly NeededRight[]> => {
    const granted = await Promise.all(rights.map((right) => isGranted(connection, right, options)));
    return rights.filter((_, at) => !granted[at]);
  };
  const missing = await Promise.all(
    needed.map(async (sets) => {
      const [first = [], ...others] = await Promise.all(sets.map(missingOf));
      return others.some((lacking) => lacking.length === 0) ? [] : first;
    }),
  );
  return missing.flat();
}

async function isInstalled(connection: KubernetesConnection, options: CallOptions): Promise<boolean> {
  const path = `/apis/${apiVersionOf(apiResources.intercepts)}`;
  try {
    await connection.request({ verb: 'discover intercepts.fairlead.dev', method: 'GET', path }, options);
    return true;
  } catch (error) {
    if (apiStatusOf(error)?.status === 404) return false;
    throw error;
  }
}

async function isGranted(connection: KubernetesConnection, right: NeededRight, options: CallOptions): Promise<boolean> {
  const { resource, verb, namespace, subresource, name } = right;
  const { group, plural } = resource;
  const resourceAttributes = { namespace, verb, group, resource: plural, name, ...(subresource && { subresource }) };
  const reviews = new ObjectClient<KubernetesObject & { status?: { allowed?: boolean } }>(
    connection,
    apiResources.selfSubjectAccessReviews,
  );
  const review = await reviews.create({ metadata: {}, spec: { resourceAttributes } } as KubernetesObject, {}, options);
  return review.status?.allowed === true;
}

const notInstalled: PreflightCheck = failing(
  'definition',
  'this cluster has no intercepts.fairlead.dev',
  'Somebody who administers the cluster runs fairlead install, or installs the Helm chart.',
);

function tooOld(text: string): PreflightCheck {
  const { major, minor } = oldestServer;
  const message = `Kubernetes ${text} is older than ${major}.${minor}`;
  return failing('server', message, 'Bring the cluster to a newer version, or use another one.');
}

function missingRight(
  { resource, verb, namespace, subresource, name }: NeededRight,
  manager: ManagerLocation,
): PreflightCheck {
  const which = subresource && name ? ` "${name}"` : '';
  const what = `${verb} ${qualifiedName(resource)}${subresource ? `/${subresource}` : ''}${which}`;
  const role = namespace === manager.namespace ? '--role=fairlead-connect' : '--clusterrole=fairlead-user';
  const remedy = `kubectl -n ${namespace} create rolebinding fairlead-YOU ${role} --user=YOU`;
  return failing('rights', `you may not ${what} in namespace ${namespace}`, remedy);
}
