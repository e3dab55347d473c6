import { ManualClock, MemoryCluster, MemoryInterceptRegistry, type Workload } from '@fairlead/core';
import { afterEach, describe, expect, it } from 'vitest';
import { leaderElectionTimes } from '../leadership/leader-election.ts';
import { MemoryLeaseStore } from '../testing/memory-lease-store.ts';
import { Replica, type ReplicaWorld } from '../testing/replica.ts';
import { SmallShop } from '../testing/small-shop.ts';

const { leaseMs, graceMs } = leaderElectionTimes;
const session = { id: 'session of ada', fingerprint: 'f'.repeat(64), label: 'ada' };

describe('two replicas', () => {
  afterEach(async () => {
    // What is cut off for good would wait for ever.
    for (const replica of replicas.splice(0)) if (replica.state === 'well') await replica.stop();
  });

  it('finish the preparation that the first began before it was killed; no pod is replaced twice (cases 33, 38)', async () => {
    const { world, first, second, cart, phase, pass } = await open();
    world.cluster.rollout.hold();
    await ask(world);
    world.cluster.rollout.step(1);
    await pass(0);
    expect(await phase()).toBe('rolling-out');

    first.state = 'dead';
    world.cluster.rollout.resume();
    await pass(leaseMs + 10_000);

    expect([...world.labelled]).toEqual([second.name]);
    expect(await phase()).toBe('active');
    expect(new Set(world.cluster.rollout.replaced).size).toBe(world.cluster.rollout.replaced.length);
    expect(world.cluster.podsOf(cart)).toHaveLength(2);
  });

  it('hand over when the first is stopped, without a restart and without a write', async () => {
    const { world, first, second, cart, phase, pass } = await open();
    await ask(world);
    await pass(5_000);
    expect(await phase()).toBe('active');
    const pods = world.cluster.podsOf(cart);

    const stopped = first.stop();
    await pass(5_000);
    await stopped;

    expect([...world.labelled]).toEqual([second.name]);
    expect(await phase()).toBe('active');
    expect(world.cluster.podsOf(cart)).toEqual(pods);
    expect(second.changes.filter((change) => change !== 'updateStatus')).toEqual([]);
  });

  it('agree on one label again when a late attempt of the former leader has put up a second one', async () => {
    const { world, first, second, pass } = await open();
    first.state = 'dead';
    await pass(leaseMs + 5_000);
    expect([...world.labelled]).toEqual([second.name]);

    world.labelled.add(first.name);
    await pass(31_000);

    expect([...world.labelled]).toEqual([second.name]);
  });

  it('change nothing after they were cut off, on what they knew before, and one leads in the end', async () => {
    const { world, first, second, phase, pass } = await open();
    await ask(world);
    await pass(5_000);

    first.state = 'cut off';
    await pass(leaseMs + 20_000);
    expect([...world.labelled]).toEqual([second.name]);
    // To the first the session is long dead. It can reach everything again, but not yet see that it is not the leader.
    first.state = 'cut off from the lease';
    first.changes.length = 0;
    await pass(25_000);
    expect(first.changes).toEqual([]);
    first.state = 'well';
    await pass(graceMs);

    expect(first.changes).toEqual([]);
    expect(await phase()).toBe('active');
    expect([...world.labelled]).toEqual([second.name]);
    expect([first.failure, second.failure]).toEqual([undefined, undefined]);
  });
});

const replicas: Replica[] = [];

interface Opened {
  readonly world: ReplicaWorld;
  readonly first: Replica;
  readonly second: Replica;
  readonly cart: Workload;
  phase(name?: string): Promise<string | undefined>;
  /** Time passes, and the session is alive. */
  pass(ms: number): Promise<void>;
}

/** Two replicas, the first of which leads, over a workload of two pods without agents. */
async function open(): Promise<Opened> {
  const clock = new ManualClock({ startAt: Date.UTC(2026, 0, 1), settle });
  const cluster = new MemoryCluster(clock);
  const registry = new MemoryInterceptRegistry(clock);
  const world: ReplicaWorld = { clock, cluster, registry, leases: new MemoryLeaseStore(), labelled: new Set() };
  const [cart] = new SmallShop().workloads;
  if (!cart) throw new Error('the shop has no workload');
  await cluster.deploy(cart, [SmallShop.serviceOf(cart.name)]);
  const first = new Replica('first', world);
  await clock.advance(0);
  const second = new Replica('second', world);
  replicas.push(first, second);
  await clock.advance(0);
  expect([...world.labelled]).toEqual(['first']);
  return {
    world,
    first,
    second,
    cart,
    phase: async (name = 'mine') => (await registry.read('shop', name))?.status.phase,
    pass: async (ms) => {
      for (let left = ms; left >= 0; left -= 1_000) {
        cluster.fleet.seeSession(session.id, session.fingerprint);
        await clock.advance(Math.min(left, 1_000));
      }
    },
  };
}

function draft(name: string) {
  const spec = { mode: 'intercept' as const, workload: { namespace: 'shop', name: 'cart' }, ports: [] };
  return { namespace: 'shop', name, spec, session };
}

async function ask({ registry, cluster, clock }: ReplicaWorld): Promise<void> {
  cluster.fleet.seeSession(session.id, session.fingerprint);
  await registry.create(draft('mine'));
  await clock.advance(0);
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 500; turn++) await Promise.resolve();
}
