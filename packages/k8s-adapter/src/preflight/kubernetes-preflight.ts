import {
  type CallOptions,
  FairleadError,
  type Preflight,
  type PreflightProblem,
  type PreflightReport,
} from '@fairlead/core';
import { apiVersionOf, qualifiedName } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { defaultManager, findManager, type ManagerLocation } from '../transport/find-manager.ts';
import { type NeededRight, neededRights } from './needed-rights.ts';
import { isSupported, oldestServer, readServerVersion } from './server-version.ts';

/** The preflight of a Kubernetes cluster: rights by SelfSubjectAccessReview, the installation, the server's version. */
export class KubernetesPreflight implements Preflight {
  readonly #connection: KubernetesConnection;
  readonly #manager: ManagerLocation;

  /** The manager is looked for where it is by default, unless it is said otherwise. */
  constructor(connection: KubernetesConnection, manager: Partial<ManagerLocation> = {}) {
    this.#connection = connection;
    this.#manager = { ...defaultManager, ...manager };
  }

  async check(namespace: string, options: CallOptions = {}): Promise<PreflightReport> {
    options.signal?.throwIfAborted();
    const manager = this.#manager;
    const connection = this.#connection;
    const version = await readServerVersion(connection, options);
    const rights = neededRights(namespace, manager);
    const [installed, lacking, found] = await Promise.all([
      isInstalled(connection, options),
      Promise.all(rights.map(async (right) => ((await isGranted(connection, right, options)) ? [] : [right]))),
      whyNoManager(connection, manager, options),
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
