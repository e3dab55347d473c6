import { FairleadError, ManualClock, MemoryAgentConfigStore, MemoryInterceptRegistry } from '@fairlead/core';
import { describeAgentConfigStore, describeInterceptRegistry } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { configOf, SmallShop } from '../testing/small-shop.ts';
import { FencedAgentConfigStore, FencedInterceptRegistry, FencedRollout } from './fenced-ports.ts';

const surely = async (): Promise<void> => {};

describeInterceptRegistry('FencedInterceptRegistry', {
  create: async () => {
    const clock = new ManualClock();
    const registry = new FencedInterceptRegistry(new MemoryInterceptRegistry(clock), surely);
    return { registry, tick: () => clock.advance(1), async [Symbol.asyncDispose]() {} };
  },
});

describeAgentConfigStore('FencedAgentConfigStore', {
  create: async () => {
    const store = new MemoryAgentConfigStore();
    return {
      store: new FencedAgentConfigStore(store, surely),
      claimForAnother: async (namespace) => store.claimForAnother(namespace),
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('a replica that may not lead', () => {
  it('reads, and changes nothing', async () => {
    const { cluster, workloads } = await new SmallShop().open();
    const [cart] = workloads;
    if (!cart) throw new Error('the shop has no workload');
    const refuse = (): Promise<never> => Promise.reject(new FairleadError('unreachable', 'this replica does not lead'));
    const store = new FencedAgentConfigStore(cluster.store, refuse);
    const rollout = new FencedRollout(cluster.rollout, refuse);
    const before = await store.read(cart);

    const tried = [
      store.write(cart, configOf(cart, { agentImage: 'other:1' }), before?.revision),
      store.delete(cart),
      rollout.replace(cart, cluster.podsOf(cart)),
    ];
    const outcomes = await Promise.allSettled(tried);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(before).toBeDefined();
    expect(await cluster.store.read(cart)).toEqual(before);
    expect(cluster.rollout.replaced).toEqual([]);
  });
});
