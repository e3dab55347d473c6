import { KubernetesRollout } from '@fairlead/k8s-adapter';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, startLoad } from './load.ts';
import { hasCluster } from './real-cluster.ts';
import { loadAppImage, RealShop } from './real-shop.ts';

const namespace = 'fairlead-e2e-surge';

describe.runIf(hasCluster)('a surge on a real cluster', () => {
  beforeAll(loadAppImage);

  it.each([1, 3])('loses no request of 8 clients with %i replicas, and changes nothing but pods', async (replicas) => {
    await using shop = await RealShop.open({ namespace, replicas });
    const rollout = new KubernetesRollout(shop.cluster.connection);
    const url = await shop.url();
    await shop.cluster.until(() => ask(url).catch(() => undefined));
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
});
