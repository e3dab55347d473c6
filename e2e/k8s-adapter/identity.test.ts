import { describeIdentityProvider } from '@fairlead/core/conformance';
import { KubernetesIdentityProvider, type KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasCluster, RealCluster } from './real-cluster.ts';
import { loadAppImage, RealShop } from './real-shop.ts';

const namespace = 'fairlead-e2e-identity';
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };
const account = 'system:serviceaccount';

/** A token of the namespace's default service account, as the kubelet projects it into a pod. */
async function tokenFor(cluster: RealCluster, audience: string, pod?: { name: string; uid: string }): Promise<string> {
  const boundObjectRef = pod && { apiVersion: 'v1', kind: 'Pod', ...pod };
  const answer = await cluster.connection.request<{ status: { token: string } }>({
    verb: 'create a token',
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [audience], boundObjectRef },
    },
  });
  return answer.status.token;
}

describe.runIf(hasCluster)('on a real API server', () => {
  beforeAll(async () => {
    await loadAppImage();
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace(namespace);
    await cluster.installInterceptCrd();
    const roles = new ObjectClient(cluster.connection, { ...rbac, plural: 'roles', kind: 'Role' });
    const bindings = new ObjectClient(cluster.connection, { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' });
    const metadata = { name: 'may-intercept', namespace };
    const rules = [{ apiGroups: ['fairlead.dev'], resources: ['intercepts'], verbs: ['create'] }];
    const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }];
    const roleRef = { apiGroup: rbac.group, kind: 'Role', name: 'may-intercept' };
    if (await roles.read(metadata)) return;
    await roles.create({ metadata, rules } as KubernetesObject);
    await bindings.create({ metadata, subjects, roleRef } as KubernetesObject);
  });

  describeIdentityProvider('KubernetesIdentityProvider', {
    create: async () => {
      const cluster = await RealCluster.connect();
      return {
        provider: new KubernetesIdentityProvider(cluster.connection),
        credential: { type: 'bearer', token: await tokenFor(cluster, 'fairlead') },
        identity: {
          user: `${account}:${namespace}:default`,
          groups: [`${account}s`, `${account}s:${namespace}`, 'system:authenticated'],
        },
        allowed: { namespace, kind: 'Deployment', name: 'cart' },
        forbidden: { namespace: 'kube-system', kind: 'Deployment', name: 'cart' },
        [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
      };
    },
  });

  it('tells to which pod a token is bound, and believes none of another audience', async () => {
    await using shop = await RealShop.open({ namespace, replicas: 1 });
    const provider = new KubernetesIdentityProvider(shop.cluster.connection);
    const [pod] = await shop.pods();
    const { name = '', uid = '' } = pod ?? {};

    const bound = await provider.identifyPod(await tokenFor(shop.cluster, 'fairlead', { name, uid }));

    expect(bound).toEqual({ namespace, name, uid, serviceAccount: 'default' });
    expect(await provider.identifyPod(await tokenFor(shop.cluster, 'fairlead'))).toBeUndefined();
    expect(await provider.identifyPod(await tokenFor(shop.cluster, 'vault', { name, uid }))).toBeUndefined();
  });
});
