import { connectKubernetes, type KubernetesObject, KubernetesRollout, ObjectClient } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { startLoad } from './load.ts';
import { hasCluster } from './real-cluster.ts';
import { RealShop } from './real-shop.ts';

const namespace = 'fairlead-e2e-surge';
const disruptionBudgets = {
  group: 'policy',
  // The only version that servers before 1.21 know.
  version: 'v1beta1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

describe.runIf(hasCluster)('a surge on a real cluster', () => {
  it.each([1, 3])('loses no request of 8 clients with %i replicas, and changes nothing but pods', async (replicas) => {
    await using shop = await RealShop.open({ namespace, replicas });
    const rollout = new KubernetesRollout(shop.cluster.connection);
    const url = await shop.url();
    const before = { pods: await shop.pods(), spec: await shop.spec() };
    const load = startLoad(url);
    await shop.cluster.until(async () => (load.answered > 200 ? true : undefined));

    const began = performance.now();
    await rollout.replace(shop.workload, before.pods);
    const tookMs = performance.now() - began;

    await load.stop();
    const after = await shop.pods();
    console.log(`${replicas} replicas: ${load.failures.length} of ${load.answered} lost, ${tookMs.toFixed(0)} ms`);
    expect(load.failures).toEqual([]);
    expect(load.servers.size).toBe(2 * replicas);
    expect(after.filter((pod) => before.pods.some(({ uid }) => uid === pod.uid))).toEqual([]);
    expect(after).toHaveLength(replicas);
    expect(await shop.spec()).toEqual(before.spec);
    const sets = await shop.cluster.objects('replicaSets').list(namespace);
    expect(sets.items).toHaveLength(1);
  });

  it('holds a disruption budget that spares no pod, where an eviction is refused', async () => {
    await using shop = await RealShop.open({ namespace });
    const { connection } = shop.cluster;
    const budgets = new ObjectClient(connection, disruptionBudgets);
    const metadata = { name: 'all', namespace };
    const selector = { matchLabels: { app: 'cart' } };
    await budgets.create({ metadata, spec: { minAvailable: 3, selector } } as KubernetesObject);
    await shop.cluster.until(async () => {
      const made = await budgets.read({ namespace, name: 'all' });
      return JSON.stringify(made).includes('"currentHealthy":3') || undefined;
    });
    try {
      const before = await shop.pods();
      const url = await shop.url();
      const load = startLoad(url);
      const eviction = new KubernetesRollout(connection, { strategy: 'evict', evictTimeoutMs: 2_000 });

      await expect(eviction.replace(shop.workload, before)).rejects.toMatchObject({
        code: 'rollout-failed',
        message: expect.stringContaining('disruption budget'),
      });
      await new KubernetesRollout(connection).replace(shop.workload, before);

      await load.stop();
      console.log(`with a budget of 3: ${load.failures.length} of ${load.answered} lost`);
      expect(load.failures).toEqual([]);
    } finally {
      await budgets.delete({ namespace, name: 'all' });
    }
  });

  it('is finished by the next process when the first dies half way, and still loses nothing', async () => {
    await using shop = await RealShop.open({ namespace, replicas: 1 });
    const [before] = await shop.pods();
    const url = await shop.url();
    const load = startLoad(url);
    const dying = await connectKubernetes();
    const died = new KubernetesRollout(dying).replace(shop.workload, await shop.pods());
    died.catch(() => {});
    await shop.cluster.until(async () => {
      const found = await shop.cluster.objects('pods').read({ namespace, name: before?.name });
      return found?.metadata.labels?.['fairlead.dev/released'];
    });
    await dying[Symbol.asyncDispose]();
    await expect(died).rejects.toMatchObject({ code: 'closed' });

    const finished = await new KubernetesRollout(shop.cluster.connection).finishInterrupted(namespace);

    await load.stop();
    expect(finished).toBe(1);
    expect(load.failures).toEqual([]);
    expect((await shop.pods()).map(({ uid }) => uid)).not.toContain(before?.uid);
    const pods = shop.cluster.objects('pods');
    await shop.cluster.until(async () => ((await pods.list(namespace)).items.length === 1 ? true : undefined));
  });
});
