import { describe, expect, it } from 'vitest';
import { keyOf } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import { cart, podNames, Story, sessionOf } from './testing/story.ts';

const key = keyOf(cart());

describe('things that happen at the same time', () => {
  it('lets the older of two requests win, exactly one', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    for (const name of ['ada', 'bob', 'eve']) story.connect(name);

    const workload = { namespace: 'shop', name: 'cart' };
    const create = (name: string, session: string, kind?: 'Deployment') =>
      story.registry.create({
        namespace: 'shop',
        name,
        spec: { mode: 'intercept', workload: { ...workload, ...(kind && { kind }) }, ports: [] },
        session: sessionOf(session),
      });
    await Promise.all([create('z', 'ada'), create('y', 'bob', 'Deployment'), create('x', 'eve')]);
    await story.settle();

    // All three were made in the same millisecond, so the name decides.
    expect(await story.phase('x')).toBe('active');
    for (const name of ['y', 'z']) {
      expect(await story.status(name)).toMatchObject({
        phase: 'refused',
        error: { code: 'conflict', holder: { intercept: 'x' } },
      });
    }
    expect(story.cluster.rollout.replaced).toHaveLength(3);
  });

  it('lets the older win also when both waited for the control plane', async () => {
    await using story = new Story();
    await story.deploy();
    for (const name of ['ada', 'bob']) story.connect(name);
    await story.ask('older', {}, 'bob');
    await story.clock.advance(10);
    await story.ask('newer', {}, 'ada');

    await story.start();

    expect(await story.phase('older')).toBe('active');
    expect(await story.phase('newer')).toBe('refused');
  });

  it('lets the older win also when it takes long to find out what they mean', async () => {
    let broken = true;
    await using story = new Story({
      ports: ({ workloadResolver: resolver, clock }) => ({
        workloadResolver: {
          find: async (ref, options) => {
            if (broken) throw new FairleadError('unreachable', 'no answer');
            if (!ref.kind) await clock.sleep(100);
            return resolver.find(ref, options);
          },
          list: (...args) => resolver.list(...args),
          services: (...args) => resolver.services(...args),
          pods: (...args) => resolver.pods(...args),
          ownerOf: (...args) => resolver.ownerOf(...args),
          watch: (...args) => resolver.watch(...args),
        },
      }),
    });
    await story.deploy();
    for (const name of ['ada', 'bob']) story.connect(name);
    await story.ask('z-older', {}, 'bob');
    await story.clock.advance(10);
    await story.ask('a-newer', {}, 'ada');
    await story.start();
    await story.pass(1_000, 'ada', 'bob');
    expect(await story.phase('z-older')).toBe('requested');

    broken = false;
    await story.pass(10_000, 'ada', 'bob');

    expect(await story.phase('z-older')).toBe('active');
    expect(await story.phase('a-newer')).toBe('refused');
  });

  it('leaves nothing behind when the intercept is released while it is prepared', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    story.cluster.rollout.step();
    await story.settle();

    await story.leave('mine');
    story.cluster.rollout.resume();
    await story.settle();

    expect(await story.cluster.store.read(key)).toBeUndefined();
    expect(story.cluster.podsOf(key).map((pod) => pod.configHash)).toEqual([undefined, undefined, undefined]);
    expect(story.told('mine').at(-1)).toBe('gone');
  });

  it('leaves the agents where they work when the intercept is released before it was active', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('earlier');
    await story.leave('earlier');
    const pods = podNames(story);
    story.lose();
    await story.ask('mine');
    expect(await story.phase('mine')).toBe('waiting');

    await story.leave('mine');

    expect(await story.cluster.store.read(key)).toBeDefined();
    expect(podNames(story)).toEqual(pods);
  });

  it('leaves nothing behind when the session dies while its intercept is prepared', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    const pods = podNames(story);
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    story.lose();

    await story.pass(15_000);
    story.cluster.rollout.resume();
    await story.settle();

    expect(await story.phase('mine')).toBe('gone');
    expect(await story.cluster.store.read(key)).toBeUndefined();
    expect(podNames(story)).toEqual(pods);
  });

  it('waits for the agent of a pod that died while the intercept was prepared', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    story.cluster.rollout.step(2);
    await story.settle();

    const [newest] = story.cluster.podsOf(key).slice(-1);
    if (newest) await story.cluster.kill(newest);
    story.cluster.rollout.resume();

    expect(await story.status('mine')).toMatchObject({ phase: 'active', replicas: { ready: 3, total: 3 } });
  });

  it('waits for an agent that loses its tunnel before it acknowledges', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('earlier');
    await story.leave('earlier');
    const [agent] = story.cluster.agentsOf(key);
    agent?.hold();
    await story.ask('mine');

    agent?.disconnect();
    expect(await story.phase('mine')).toBe('waiting');
    if (agent) story.cluster.fleet.connect(agent.agent);

    expect(await story.phase('mine')).toBe('active');
  });

  it('takes the name over when it is used again at once by another', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    for (const name of ['ada', 'bob']) story.connect(name);
    await story.ask('mine', {}, 'ada');

    await story.registry.delete('shop', 'mine');
    await story.ask('mine', { match: { headers: { a: '1' } } }, 'bob');

    expect(await story.phase('mine')).toBe('active');
    expect(story.plane.interceptOwner('shop/mine')?.sessionId).toBe('session of bob');
    expect(story.cluster.agentsOf(key)[0]?.assignments.at(-1)?.ports[0]?.intercepts[0]?.match).toBeDefined();
  });

  it('leaves nothing running when it is stopped midway', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    const before = podNames(story);

    await story.stop();
    story.cluster.rollout.resume();
    await story.clock.advance(600_000);

    expect(podNames(story)).toEqual(before);
    expect(await story.phase('mine')).toBe('rolling-out');
    expect(story.clock.pending).toBe(0);
  });
});
