import { FairleadError, type PlanOptions, SilentLogger, StaticAgentImageSource } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { configOf, oldSettings, SmallShop } from '../testing/small-shop.ts';
import { type UpgradeParts, upgrade } from './upgrade.ts';

const { agentImage: _agentImage, ...oldPlanning } = oldSettings;

function partsOf(shop: SmallShop, image: string, planning: Partial<PlanOptions> = {}): UpgradeParts {
  const { store, resolver, rollout } = shop.cluster;
  return {
    state: { configNamespaces: async () => ['shop'] },
    store,
    resolver,
    rollout,
    agentImages: new StaticAgentImageSource(image),
    planning: { ...oldPlanning, ...planning },
    logger: new SilentLogger(),
  };
}

describe('upgrading', () => {
  it('renews agent configs and replaces exactly the pods that differ', async () => {
    const shop = await new SmallShop().open();

    await upgrade(partsOf(shop, 'fairlead:2', { managerHost: 'fairlead-manager.fairlead.svc' }));

    const entries = await shop.cluster.store.list('shop');
    expect(entries.map(({ config }) => [config.agentImage, config.managerHost])).toEqual([
      ['fairlead:2', 'fairlead-manager.fairlead.svc'],
      ['fairlead:2', 'fairlead-manager.fairlead.svc'],
    ]);
    const hashes = new Set(entries.map(({ config }) => config.hash));
    expect(shop.pods.every(({ configHash }) => configHash !== undefined && hashes.has(configHash))).toBe(true);
    expect(shop.cluster.rollout.replaced).toHaveLength(4);
  });

  it('replaces nothing where nothing differs', async () => {
    const shop = await new SmallShop().open();

    await upgrade(partsOf(shop, 'fairlead:1'));
    await upgrade(partsOf(shop, 'fairlead:2'));
    await upgrade(partsOf(shop, 'fairlead:2'));

    expect(shop.cluster.rollout.replaced).toHaveLength(4);
  });

  it('leaves alone entries that are manual, of a newer version, or of a workload that is gone', async () => {
    const shop = await new SmallShop().open();
    const [cart, bank] = shop.workloads;
    for (const [workload, changes] of [
      [cart, { manual: true }],
      [bank, { schemaVersion: 99 }],
    ] as const) {
      const { revision } = (workload && (await shop.cluster.store.read(workload))) ?? {};
      if (workload) await shop.cluster.store.write(workload, configOf(workload, changes), revision);
    }
    if (cart) await shop.cluster.store.write({ ...cart, name: 'gone' }, configOf(cart, { workloadName: 'gone' }));

    await upgrade(partsOf(shop, 'fairlead:2'));

    const images = (await shop.cluster.store.list('shop')).map(({ config }) => config.agentImage);
    expect(images).toEqual(['fairlead:1', 'fairlead:1', 'fairlead:1']);
    expect(shop.cluster.rollout.replaced).toEqual([]);
  });

  it('goes on with the others when one cannot be replaced, and names that one', async () => {
    const shop = await new SmallShop().open();
    const usual = shop.cluster.rollout;
    const parts: UpgradeParts = {
      ...partsOf(shop, 'fairlead:2'),
      rollout: {
        replace: async (workload, ...rest) => {
          if (workload.name === 'bank') throw new FairleadError('rollout-failed', 'quota is used up');
          await usual.replace(workload, ...rest);
        },
      },
    };

    await expect(upgrade(parts)).rejects.toThrow(
      '1 workloads are not up to date: shop/deployment.bank: quota is used up',
    );
    expect(usual.replaced).toHaveLength(2);
  });
});
