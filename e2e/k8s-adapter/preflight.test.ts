import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectKubernetes,
  type KubernetesConnection,
  type KubernetesObject,
  KubernetesPreflight,
  ObjectClient,
} from '@fairlead/k8s-adapter';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasCluster, RealCluster } from './real-cluster.ts';

const namespace = 'fairlead-e2e-preflight';
const managerNamespace = 'fairlead-e2e-preflight-manager';
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };

/** What a user of Fairlead may do: the two roles of an installation. */
const userRules = [
  { apiGroups: ['fairlead.dev'], resources: ['intercepts'], verbs: ['create', 'get', 'list', 'watch', 'delete'] },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'replicasets'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: [''], resources: ['services', 'pods'], verbs: ['get', 'list', 'watch'] },
];
const connectRules = [
  { apiGroups: [''], resources: ['services'], verbs: ['get'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/portforward'], verbs: ['create'] },
];

describe.runIf(hasCluster)('a preflight on a real API server', () => {
  beforeAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace(namespace);
    await cluster.claimNamespace(managerNamespace);
    await cluster.installInterceptCrd();
  });

  it('names every right that a user lacks, and none when the two roles are granted', async () => {
    await using cluster = await RealCluster.connect();
    await using user = await connectAs(cluster);
    const look = () => new KubernetesPreflight(user, { namespace: managerNamespace }).check(namespace);

    const before = await look();
    await grant(cluster, namespace, userRules);
    const half = await look();
    await grant(cluster, managerNamespace, connectRules);
    const whole = await look();

    const rightsOf = ({ problems }: typeof before) => problems.filter(({ kind }) => kind === 'right');
    expect(before.serverVersion).toMatch(/^v1\./);
    expect(rightsOf(before).length).toBe(
      userRules.flatMap((rule) => rule.resources.flatMap(() => rule.verbs)).length + 2,
    );
    expect(rightsOf(half).map(({ message }) => message)).toEqual([
      `you may not get services in namespace ${managerNamespace}`,
      `you may not get services/proxy "fairlead-manager:proxied" in namespace ${managerNamespace}`,
    ]);
    expect(whole.problems).toMatchObject([{ kind: 'installation', message: expect.stringContaining('no Service') }]);
  });
});

async function grant(cluster: RealCluster, where: string, rules: readonly object[]): Promise<void> {
  const metadata = { name: 'fairlead', namespace: where };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }];
  const roleRef = { apiGroup: rbac.group, kind: 'Role', name: 'fairlead' };
  const { connection } = cluster;
  const roles = new ObjectClient(connection, { ...rbac, plural: 'roles', kind: 'Role' });
  const bindings = new ObjectClient(connection, { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' });
  await roles.create({ metadata, rules } as KubernetesObject);
  await bindings.create({ metadata, subjects, roleRef } as KubernetesObject);
}

/** A connection whose kubeconfig has nothing but the token of the namespace's service account. */
async function connectAs(cluster: RealCluster): Promise<KubernetesConnection> {
  const { status } = await cluster.connection.request<{ status: { token: string } }>({
    verb: 'create a token',
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  const config = {
    clusters: [{ name: 'c', cluster: { server: cluster.connection.server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: status.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-e2e-'));
  try {
    await writeFile(join(folder, 'config'), JSON.stringify(config));
    return await connectKubernetes({ kubeconfig: join(folder, 'config') });
  } finally {
    await rm(folder, { recursive: true });
  }
}
