import { describe, expect, it } from 'vitest';
import { ask, askAs, startLoad } from '../k8s-adapter/load.ts';
import { hasCluster, RealCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation, image } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { leftovers } from '../manager/leftovers.ts';
import { fairlead } from './command.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-life';
const admin = process.env.KUBECONFIG ?? '';

describe.runIf(hasCluster)('the whole life of an installation', { timeout: 300_000 }, () => {
  it('from install to uninstall no request is lost, nothing but pods changes, and nothing is left', async () => {
    await using cluster = await RealCluster.connect();
    await Installation.none(cluster);
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy(
      { name: 'cart', portName: 'http' },
      { name: 'stock', replicas: 3, portName: 'http' },
      { name: 'orders', kind: 'StatefulSet' },
    );
    const specs = await shop.specs();
    const urls = await Promise.all(['cart', 'stock'].map((name) => shop.url(name)));
    const [cartUrl = '', stockUrl = ''] = urls;
    const loads = urls.map((url) => startLoad(url, 8));

    expect(await fairlead(admin, 'install', '--image', image)).toMatchObject({ status: 0 });
    {
      await using ada = await Person.make(cluster, { namespace, name: 'ada' });
      await using session = await ada.connect();
      await using personal = await session.intercept({
        workload: 'deployment/cart',
        match: { headers: { 'x-run': session.key } },
        handler: () => new Response('ada'),
      });
      expect(personal.replicas).toEqual({ ready: 1, total: 1 });
      expect(await askAs(cartUrl, session.key)).toBe('ada');
      expect(await askAs(cartUrl, 'another')).toMatch(/^cart-/);

      await using all = await session.intercept({ workload: 'stock', handler: () => new Response('all') });
      expect(all.replicas).toEqual({ ready: 3, total: 3 });
      expect(await Promise.all(Array.from({ length: 12 }, () => ask(stockUrl)))).toEqual(Array(12).fill('all'));
      await using bob = await Person.make(cluster, { namespace, name: 'bob' });
      await using other = await bob.connect();
      const refused = await other.intercept({ workload: 'stock', to: 9 }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'conflict', holder: { user: ada.user } });
      await all.leave();
      // By number, behind a headless Service: packet rules, and an eviction.
      await using log = await session.intercept({ workload: 'statefulset/orders', handler: () => new Response('log') });
      expect(log.replicas).toEqual({ ready: 1, total: 1 });
      const [orders] = await shop.injected('orders');
      expect(await ask(`http://${orders?.status?.podIP}:8080/`)).toBe('log');
      expect(await ask(stockUrl)).toMatch(/^stock-/);
    }
    expect(await shop.specs()).toEqual(specs);
    expect(await shop.injected('cart')).toHaveLength(1);
    expect(await shop.injected('stock')).toHaveLength(3);

    expect(await fairlead(admin, 'uninstall')).toMatchObject({ status: 0 });
    for (const load of loads) await load.stop();

    console.log(`lost: ${loads.map(({ failures, answered }) => `${failures.length} of ${answered}`).join(', ')}`);
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
    expect(await shop.injected('cart')).toHaveLength(0);
    expect(await shop.injected('stock')).toHaveLength(0);
    expect(await shop.injected('orders')).toHaveLength(0);
    expect(await shop.specs()).toEqual(specs);
    expect(await leftovers(cluster)).toEqual([]);
  });
});
