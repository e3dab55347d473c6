import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { ObjectClient } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { ask } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from '../stories/person.ts';

const limitRanges = { group: '', version: 'v1', plural: 'limitranges', kind: 'LimitRange', namespaced: true };

describe.runIf(hasCluster)('a namespace', { timeout: 180_000 }, () => {
  it('that is made after the start, limits what containers use and has probed apps, is served (case 35)', async () => {
    await using installation = await Installation.shared();
    const { cluster } = installation;
    const namespace = 'fairlead-e2e-later';
    await using shop = await InstalledShop.open(cluster, namespace);
    const limits = new ObjectClient(cluster.connection, limitRanges);
    const limit = {
      type: 'Container',
      default: { cpu: '500m', memory: '256Mi' },
      defaultRequest: { cpu: '10m', memory: '32Mi' },
      max: { cpu: '1', memory: '512Mi' },
    };
    await limits.delete({ namespace, name: 'all' });
    await limits.create({ metadata: { namespace, name: 'all' }, spec: { limits: [limit] } } as KubernetesObject);
    await shop.deploy({ name: 'cart', replicas: 2, portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();

    await using held = await session.intercept({ workload: 'cart', handler: () => new Response('mine') });

    expect([held.phase, held.replicas]).toEqual(['active', { ready: 2, total: 2 }]);
    expect(await ask(await shop.url('cart'))).toBe('mine');
    await limits.delete({ namespace, name: 'all' });
  });

  it('whose map of agent configs is full or somebody else’s gets a clear error, and no pod is touched', async () => {
    await using installation = await Installation.shared();
    const { cluster } = installation;
    const namespace = 'fairlead-e2e-maps';
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const before = await shop.uids();
    const maps = cluster.objects('configMaps');
    const put = (owner: string, data: Readonly<Record<string, string>>): Promise<unknown> => {
      const labels = { 'app.kubernetes.io/managed-by': owner };
      return maps.create({ metadata: { namespace, name: 'telepresence-agents', labels }, data } as KubernetesObject);
    };
    const take = () => session.intercept({ workload: 'cart', to: 9 }).catch((error: unknown) => error);

    await put('traffic-manager', { cart: 'agentName: cart' });
    expect(await take()).toMatchObject({ code: 'foreign-store', hint: expect.stringContaining('agentsConfigMap') });
    await maps.delete({ namespace, name: 'telepresence-agents' });
    await put('fairlead', { filler: 'x'.repeat(1024 * 1024 - 200) });
    expect(await take()).toMatchObject({ code: 'bad-config', message: expect.stringContaining('is full') });

    expect(await shop.uids()).toEqual(before);
  });
});
