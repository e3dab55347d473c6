import type { KubernetesObject } from '@fairlead/k8s-adapter';
import type { Session } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from './person.ts';

// Pods are replaced one after the other.
vi.setConfig({ testTimeout: 180_000 });

const namespace = 'fairlead-e2e-ways';
const forwardsOnly = 'fairlead-e2e-forwards-only';
const roles = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true, plural: 'roles', kind: 'Role' };

let installation: Installation;

describe.runIf(hasCluster)('a session reaches the traffic-manager', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it('through the proxy of the API server, or by port-forward, with the rights of the role for that', async () => {
    await using shop = await InstalledShop.open(installation.cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(installation.cluster, { namespace, name: 'ada' });

    for (const [tunnel, way] of [
      ['service-proxy', 'through the proxy of the API server'],
      ['port-forward', 'by a port that the API server forwards'],
    ] as const) {
      await using session = await ada.connect({ tunnel });
      expect(session.tunnelWay).toBe(way);
      await expectToWork(session, await shop.url('cart'));
    }
  });

  it('by port-forward where there is no right to the proxy, which is named to whoever asks for that way alone', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using _role = await forwardingRole();
    await using eve = await Person.make(cluster, { namespace, name: 'eve', connectRole: forwardsOnly });

    await expect(eve.connect({ tunnel: 'service-proxy' })).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('get services/proxy "fairlead-manager:proxied" in namespace fairlead'),
    });
    await using session = await eve.connect();
    expect(session.tunnelWay).toBe('by a port that the API server forwards');
    await expectToWork(session, await shop.url('cart'));
  });
});

/** Traffic comes from the cluster to the session, and goes from the session to the cluster. */
async function expectToWork(session: Session, url: string): Promise<void> {
  await using held = await session.intercept({ workload: 'cart', handler: () => new Response('mine') });
  expect(await ask(url)).toBe('mine');
  expect(await (await session.fetch('http://cart/')).text()).toBe('mine');
  await held.leave();
}

/** A role as installations had it that knew no other way than to forward ports. */
async function forwardingRole(): Promise<AsyncDisposable> {
  const client = installation.cluster.client(roles);
  const where = { namespace: 'fairlead', name: forwardsOnly };
  await client.delete(where);
  const rules = [
    { apiGroups: [''], resources: ['services'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['pods/portforward'], verbs: ['create'] },
  ];
  await client.create({ metadata: where, rules } as KubernetesObject);
  return { [Symbol.asyncDispose]: async () => void (await client.delete(where)) };
}
