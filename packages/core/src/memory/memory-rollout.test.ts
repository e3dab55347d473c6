import { describe, expect, it } from 'vitest';
import { describeRollout } from '../conformance/rollout.ts';
import { keyOf, sampleConfig, sampleWorkload } from '../conformance/samples.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryCluster } from './memory-cluster.ts';

const cart = sampleWorkload({ replicas: 3 });

describeRollout('MemoryRollout', {
  create: async () => {
    const cluster = await aCluster();
    const want = async (hash: string): Promise<void> => {
      const present = await cluster.store.read(cart);
      await cluster.store.write(cart, sampleConfig({ hash }), present?.revision);
    };
    return {
      rollout: cluster.rollout,
      workload: cart,
      pods: async () => cluster.podsOf(cart),
      spec: () => cluster.resolver.find(keyOf(cart)),
      wantHash: want,
      breakNewPods: async () => {
        await want('broken');
        cluster.rollout.failNext('the image cannot be pulled');
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('MemoryRollout', () => {
  it('replaces as many pods as it is let', async () => {
    const cluster = await aCluster();
    const before = cluster.podsOf(cart);
    const told: string[] = [];
    cluster.rollout.hold();

    const replacing = cluster.rollout.replace(cart, before, {
      onProgress: (done, total) => told.push(`${done}/${total}`),
    });
    cluster.rollout.step(2);
    await expect.poll(() => told).toEqual(['1/3', '2/3']);
    cluster.rollout.resume();
    await replacing;

    expect(told).toEqual(['1/3', '2/3', '3/3']);
    expect(cluster.rollout.replaced).toEqual(before.map((pod) => pod.name));
  });

  it('can be aborted while it is held', async () => {
    const cluster = await aCluster();
    const stop = new AbortController();
    cluster.rollout.hold();
    const replacing = cluster.rollout.replace(cart, cluster.podsOf(cart), { signal: stop.signal });

    stop.abort(new Error('enough'));

    await expect(replacing).rejects.toThrow('enough');
    expect(cluster.rollout.replaced).toEqual([]);
  });

  it('takes the successor away when the signal aborts before it is ready', async () => {
    const cluster = await aCluster();
    await cluster.store.write(cart, sampleConfig());
    cluster.problem = { cause: 'image-pull', message: 'no such image' };
    const before = cluster.podsOf(cart);
    const stop = new AbortController();
    const replacing = cluster.rollout.replace(cart, before, { signal: stop.signal });
    await expect.poll(() => cluster.podsOf(cart)).toHaveLength(4);

    stop.abort(new Error('enough'));

    await expect(replacing).rejects.toThrow('enough');
    expect(cluster.podsOf(cart)).toEqual(before);
  });

  it('fails when a successor goes away before it is ready', async () => {
    const cluster = await aCluster();
    await cluster.store.write(cart, sampleConfig());
    cluster.problem = { cause: 'image-pull', message: 'no such image' };
    const replacing = cluster.rollout.replace(cart, cluster.podsOf(cart));
    const outcome = expect(replacing).rejects.toMatchObject({ code: 'rollout-failed' });
    await expect.poll(() => cluster.podsOf(cart)).toHaveLength(4);

    const successor = cluster.podsOf(cart).at(-1);
    if (successor) cluster.stop(successor);

    await outcome;
  });
});

async function aCluster(): Promise<MemoryCluster> {
  const cluster = new MemoryCluster(new ManualClock());
  await cluster.deploy(cart);
  return cluster;
}
