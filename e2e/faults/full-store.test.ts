import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { askAs, startLoad } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from '../stories/person.ts';
import { hasStore, whileStoreIsFull } from './store-space.ts';

const namespace = 'fairlead-e2e-full-store';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
const canFill = hasCluster && (await hasStore());

describe.runIf(canFill)('a store that is full', { timeout: 200_000 }, () => {
  it('costs no request; what is asked meanwhile is refused for that, and everything works when there is space (case 34)', async () => {
    await using installation = await Installation.toHurt();
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http', annotations: asking }, { name: 'stock', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const match = { headers: { 'x-run': session.key } };
    await using held = await session.intercept({ workload: 'cart', match, handler: () => new Response('mine') });
    const [before, specs] = [await shop.uids(), await shop.specs()];
    const urls = await Promise.all(['cart', 'stock'].map((name) => shop.url(name)));
    const loads = urls.map((url) => startLoad(url, 2));

    const refused = await whileStoreIsFull(async () => {
      const asked = await session.intercept({ workload: 'stock', to: 9 }).catch((error: unknown) => error);
      // Longer than the leader's lease and the session's.
      await sleep(25_000);
      return asked;
    });

    expect(refused).toMatchObject({ code: expect.any(String), message: expect.stringMatching(/space exceeded/) });
    await expect.poll(() => askAs(urls[0] ?? '', session.key), { timeout: 60_000, interval: 250 }).toBe('mine');
    await expect.poll(() => held.phase, { timeout: 30_000 }).toBe('active');
    expect(await shop.uids()).toEqual(before);
    await using later = await session.intercept({ workload: 'stock', to: 9, match });
    expect(later.phase).toBe('active');
    for (const load of loads) await load.stop();
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
    expect(await shop.specs()).toEqual(specs);
  });
});
