import { type CallOptions, FairleadError } from '@fairlead/core';
import { apiVersionOf, qualifiedName } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { defaultManager, findManager, type ManagerLocation } from '../transport/find-manager.ts';
import { type NeededRight, neededRights } from './needed-rights.ts';
import { isSupported, oldestServer, readServerVersion } from './server-version.ts';

/** Options of {@link preflight}. */
export interface PreflightOptions extends CallOptions {
  /** Default: where it is by default. */
  readonly manager?: Partial<ManagerLocation> | undefined;
}

/** Something that would make an intercept fail, and who can do what about it. */
export interface PreflightProblem {
  /** `right`: the caller lacks one. `installation`: Fairlead is not there, or not ready. `version`: the server is too old. */
  readonly kind: 'right' | 'installation' | 'version';
  /** For example `you may not create intercepts.fairlead.dev in namespace shop`. */
  readonly message: string;
  /** What to do, as a sentence or a command. */
  readonly remedy: string;
}

/** What {@link preflight} found. */
export interface PreflightReport {
  /** For example `v1.20.2`. */
  readonly serverVersion: string;
  /** Empty: nothing stands in the way. */
  readonly problems: readonly PreflightProblem[];
}

/**
 * Looks whether an intercept in this namespace could work, and names everything that stands in the way at once: missing
 * rights one by one, the missing installation, a manager that is not ready, an old server. Changes nothing. Fails when the
 * API server cannot be asked: `unreachable`, `forbidden`, `timeout`.
 */
export async function preflight(
  connection: KubernetesConnection,
  namespace: string,
  options: PreflightOptions = {},
): Promise<PreflightReport> {
  const manager: ManagerLocation = { ...defaultManager, ...options.manager };
  const calling: CallOptions = options.signal ? { signal: options.signal } : {};
  const version = await readServerVersion(connection, calling);
  const rights = neededRights(namespace, manager.namespace);
  const [installed, lacking, found] = await Promise.all([
    isInstalled(connection, calling),
    Promise.all(rights.map(async (right) => ((await isGranted(connection, right, calling)) ? [] : [right]))),
    whyNoManager(connection, manager, calling),
  ]);
  return {
    serverVersion: version.text,
    problems: [
      ...(isSupported(version) ? [] : [tooOld(version.text)]),
      ...(installed ? [] : [notInstalled]),
      ...lacking.flat().map((right) => missingRight(right, manager)),
      ...found,
    ],
  };
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
  const { resource, verb, namespace, subresource } = right;
  const { group, plural } = resource;
  const resourceAttributes = { namespace, verb, group, resource: plural, ...(subresource && { subresource }) };
  const reviews = new ObjectClient<KubernetesObject & { status?: { allowed?: boolean } }>(
    connection,
    apiResources.selfSubjectAccessReviews,
  );
  const review = await reviews.create({ metadata: {}, spec: { resourceAttributes } } as KubernetesObject, {}, options);
  return review.status?.allowed === true;
}

/** Without the rights to look, nothing is said about the manager: the missing rights are named already. */
async function whyNoManager(
  connection: KubernetesConnection,
  manager: ManagerLocation,
  options: CallOptions,
): Promise<readonly PreflightProblem[]> {
  try {
    await findManager(connection, manager, options);
    return [];
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof FairleadError)) throw error;
    if (error.code === 'forbidden') return [];
    return [{ kind: 'installation', message: error.message, remedy: error.hint }];
  }
}

const notInstalled: PreflightProblem = {
  kind: 'installation',
  message: 'this cluster has no intercepts.fairlead.dev',
  remedy: 'Somebody who administers the cluster runs fairlead install, or installs the Helm chart.',
};

function tooOld(text: string): PreflightProblem {
  const { major, minor } = oldestServer;
  const message = `Kubernetes ${text} is older than ${major}.${minor}`;
  return { kind: 'version', message, remedy: 'Bring the cluster to a newer version, or use another one.' };
}

function missingRight(
  { resource, verb, namespace, subresource }: NeededRight,
  manager: ManagerLocation,
): PreflightProblem {
  const what = `${verb} ${qualifiedName(resource)}${subresource ? `/${subresource}` : ''}`;
  const role = namespace === manager.namespace ? '--role=fairlead-connect' : '--clusterrole=fairlead-user';
  return {
    kind: 'right',
    message: `you may not ${what} in namespace ${namespace}`,
    remedy: `kubectl -n ${namespace} create rolebinding fairlead-YOU ${role} --user=YOU`,
  };
}
