import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  apiResources,
  connectKubernetes,
  type KubernetesObject,
  type KubernetesOptions,
  kubernetes,
  ObjectClient,
} from '@fairlead/k8s-adapter';
import { type ConnectOptions, connect, type Session } from '@fairlead/sdk';
import type { RealCluster } from '../k8s-adapter/real-cluster.ts';

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true } as const;
const bindings = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' };
const accounts = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };

/** Which roles a person is given. */
export interface PersonOptions {
  /** Where the person works. */
  readonly namespace: string;
  readonly name: string;
  /** `user` may intercept, `view` may look, `nobody` has no role there. */
  readonly role?: 'user' | 'view' | 'nobody';
  /** Whether the person may reach the traffic-manager. Default true. */
  readonly mayConnect?: boolean;
  /** The role that lets somebody reach it. Default that of the installation. */
  readonly connectRole?: string;
  /** Where Fairlead is. */
  readonly managerNamespace?: string;
}

/** Somebody with a kubeconfig of their own and just the roles that an installation has for people. */
export class Person implements AsyncDisposable {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly user: string;
  readonly #undo: () => Promise<void>;

  private constructor(kubeconfig: string, namespace: string, user: string, undo: () => Promise<void>) {
    this.kubeconfig = kubeconfig;
    this.namespace = namespace;
    this.user = user;
    this.#undo = undo;
  }

  /** Makes the account, gives it the roles and writes its kubeconfig. */
  static async make(cluster: RealCluster, options: PersonOptions): Promise<Person> {
    const { namespace, name, role = 'user', mayConnect = true, managerNamespace = 'fairlead' } = options;
    const { connectRole = 'fairlead-connect' } = options;
    const roles = new ObjectClient(cluster.connection, bindings);
    const people = new ObjectClient(cluster.connection, accounts);
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    const given = [
      ...(role === 'nobody' ? [] : [{ namespace, kind: 'ClusterRole', role: `fairlead-${role}` }]),
      ...(mayConnect ? [{ namespace: managerNamespace, kind: 'Role', role: connectRole }] : []),
    ];
    // Several of one name, each in a namespace of its own, reach one traffic-manager.
    const bindingName = `e2e-${namespace}-${name}`;
    const undo = async (): Promise<void> => {
      for (const { namespace: where } of given) await roles.delete({ namespace: where, name: bindingName });
      await people.delete({ namespace, name });
    };
    await undo();
    await people.create({ metadata: { namespace, name } });
    for (const { namespace: where, kind, role: granted } of given) {
      const roleRef = { apiGroup: rbac.group, kind, name: granted };
      const binding = { metadata: { namespace: where, name: bindingName }, roleRef, subjects };
      await roles.create(binding as KubernetesObject);
    }
    const { status } = await cluster.connection.request<{ status: { token: string } }>({
      verb: 'create a token',
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-e2e-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, describeAccess(cluster.connection.server, namespace, status.token));
    return new Person(kubeconfig, namespace, `system:serviceaccount:${namespace}:${name}`, async () => {
      await undo();
      await rm(folder, { recursive: true, force: true });
    });
  }

  /** Opens a session as this person. */
  async connect({ tunnel, ...options }: ConnectOptions & Pick<KubernetesOptions, 'tunnel'> = {}): Promise<Session> {
    const { kubeconfig, namespace } = this;
    return await connect(kubernetes({ kubeconfig, namespace, tunnel }), options);
  }

  /** Tries to put another session's fingerprint into somebody's intercept. Rejects as the API server does. */
  async overwrite(name: string, fingerprint: string): Promise<void> {
    await using connection = await connectKubernetes({ kubeconfig: this.kubeconfig });
    const intercepts = new ObjectClient(connection, apiResources.intercepts);
    await intercepts.patch({ namespace: this.namespace, name }, 'merge', { spec: { session: { fingerprint } } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo();
  }
}

/** JSON is YAML. */
function describeAccess(server: string, namespace: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace } }],
    clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: { token } }],
  });
}
