import { MemoryInterceptRegistry, MemoryRollout, SilentLogger } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { configOf, SmallShop } from '../testing/small-shop.ts';
import { type UninstallParts, uninstall } from './uninstall.ts';

interface Lab {
  readonly shop: SmallShop;
  readonly registry: MemoryInterceptRegistry;
  readonly did: string[];
  readonly parts: UninstallParts;
  /** Uninstalls, while time goes by. */
  run(): Promise<void>;
}

async function lab(changes: (shop: SmallShop) => Partial<UninstallParts> = () => ({})): Promise<Lab> {
  const shop = await new SmallShop().open();
  const { cluster, clock } = shop;
  const registry = new MemoryInterceptRegistry(clock);
  const did: string[] = [];
  await registry.create({
    namespace: 'shop',
    name: 'first',
    spec: { mode: 'intercept', workload: { namespace: 'shop', name: 'cart' }, ports: [] },
    session: { id: 's', fingerprint: 'f', label: 'ada' },
  });
  const parts: UninstallParts = {
    state: {
      configNamespaces: async () => ((await cluster.store.list('shop')).length > 0 ? ['shop'] : []),
      intercepts: () => registry.list('shop'),
      agentPods: async () => shop.agentPods(),
    },
    stopInjecting: async () => {
      did.push('stopped injecting');
      cluster.webhook = 'down';
    },
    stopControl: async () => void did.push('stopped control'),
    registry,
    store: cluster.store,
    deleteConfigs: async (namespace) => {
      did.push('deleted configs');
      for (const { key } of await cluster.store.list(namespace)) await cluster.store.delete(key);
    },
    resolver: cluster.resolver,
    rollout: cluster.rollout,
    clock,
    logger: new SilentLogger(),
    ...changes(shop),
  };
  const run = async (): Promise<void> => {
    let isOver = false;
    const running = uninstall(parts).finally(() => {
      isOver = true;
    });
    running.catch(() => {});
    while (!isOver) await clock.advance(500);
    await running;
  };
  return { shop, registry, did, parts, run };
}

describe('uninstalling', () => {
  it('leaves no intercept, no agent config and no agent, and stops injecting before it deletes anything', async () => {
    const { shop, registry, did, run } = await lab();
    const before = shop.pods.map(({ name }) => name);

    await run();

    expect(did).toEqual(['stopped injecting', 'stopped control', 'deleted configs']);
    expect(await registry.list('shop')).toEqual([]);
    expect(await shop.cluster.store.list('shop')).toEqual([]);
    expect(shop.agentPods()).toEqual([]);
    expect([...shop.cluster.rollout.replaced].sort()).toEqual([...before].sort());
  });

  it('done again replaces nothing', async () => {
    const { shop, run } = await lab();
    await run();
    const { length } = shop.cluster.rollout.replaced;

    await run();

    expect(shop.cluster.rollout.replaced).toHaveLength(length);
  });

  it('leaves alone what is marked manual', async () => {
    const { shop, did, run } = await lab();
    const [cart] = shop.workloads;
    const stored = cart && (await shop.cluster.store.read(cart));
    if (cart) await shop.cluster.store.write(cart, configOf(cart, { manual: true }), stored?.revision);

    await run();

    expect((await shop.cluster.store.list('shop')).map(({ key }) => key.name)).toEqual(['cart']);
    expect(did).not.toContain('deleted configs');
  });

  it('replaces once more the pods that came up with an agent at the last moment', async () => {
    const { shop, run } = await lab((small) => ({
      stopInjecting: async () => {
        // The API server hears of it a moment later.
        small.clock.after(600, () => {
          small.cluster.webhook = 'down';
        });
      },
      deleteConfigs: async (namespace) => {
        small.clock.after(600, () => {
          void small.cluster.store.list(namespace).then(async (entries) => {
            for (const { key } of entries) await small.cluster.store.delete(key);
          });
        });
      },
    }));

    await run();

    expect(shop.agentPods()).toEqual([]);
    expect(shop.cluster.rollout.replaced.length).toBeGreaterThan(4);
  });

  it('names the workloads whose pods could not be replaced, and replaces the others', async () => {
    const { shop, run } = await lab((small) => {
      const allowed = small.cluster.rollout;
      const forbidden = new MemoryRollout(small.cluster, 'none');
      return {
        rollout: {
          strategyFor: (workload) => (workload.name === 'bank' ? forbidden : allowed).strategyFor(workload),
          replace: (...about) => allowed.replace(...about),
        },
      };
    });

    await expect(run()).rejects.toMatchObject({
      code: 'rollout-failed',
      message: expect.stringMatching(/2 pods still have a traffic-agent: shop\/bank.*not to be replaced/),
    });
    expect(shop.agentPods()).toHaveLength(2);
  });
});
