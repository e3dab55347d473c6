import { describe, expect, it } from 'vitest';
import { keyOf, sampleService } from '../conformance/samples.ts';
import type { ControlPlanePorts } from './control-plane-options.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());

describe('a control plane that starts anew', () => {
  it('takes intercepts over without a rollout and without a write (row 69, cases 23, 33)', async () => {
    await using story = new Story();
    await activated(story);
    const pods = podNames(story);
    const entry = await story.cluster.store.read(key);
    const replaced = story.cluster.rollout.replaced.length;

    await story.start();

    expect(await story.phase('mine')).toBe('active');
    expect(podNames(story)).toEqual(pods);
    expect(story.cluster.rollout.replaced).toHaveLength(replaced);
    expect(await story.cluster.store.read(key)).toEqual(entry);
  });

  it('does not say active before it has seen agents and session (case 33)', async () => {
    await using story = new Story();
    await activated(story);
    const agents = story.cluster.agentsOf(key);
    await story.stop();
    for (const agent of agents) agent.hold();

    await story.start();
    expect(await story.phase('mine')).toBe('interrupted');
    for (const agent of agents) agent.acknowledge();

    expect(await story.phase('mine')).toBe('active');
  });

  it('has agents forget what ended while it was away (row 33)', async () => {
    await using story = new Story();
    await activated(story);
    await story.stop();
    await story.leave('mine');
    expect(story.serving()).toEqual([['shop/mine'], ['shop/mine'], ['shop/mine']]);

    await story.start();

    expect(story.serving()).toEqual([[], [], []]);
  });

  it('gives the agents greater epochs than the one before', async () => {
    await using story = new Story();
    await activated(story);
    const [agent] = story.cluster.agentsOf(key);
    const last = agent?.assignments.at(-1)?.epoch ?? 0;

    await story.pass(1_000, 'ada');
    await story.start();

    expect(agent?.assignments.at(-1)?.epoch).toBeGreaterThan(last);
  });

  it('goes on with a preparation that was cut short', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    story.cluster.rollout.step();
    await story.settle();
    expect(await story.phase('mine')).toBe('rolling-out');
    await story.stop();
    expect(story.cluster.rollout.replaced).toHaveLength(1);
    story.cluster.rollout.resume();

    await story.start();

    expect(await story.phase('mine')).toBe('active');
    expect(story.cluster.rollout.replaced).toHaveLength(3);
  });

  it('finishes a rollout under an intercept that was cut short', async () => {
    await using story = new Story();
    await activated(story);
    story.cluster.rollout.hold();
    story.cluster.resolver.applyService(sampleService({ ports: [{ name: 'http', port: 8000, targetPort: 'http' }] }));
    await story.settle();
    story.cluster.rollout.step();
    await story.settle();
    await story.stop();
    story.cluster.rollout.resume();

    await story.start();

    expect(await story.phase('mine')).toBe('active');
    const hash = (await story.cluster.store.read(key))?.config.hash;
    expect(story.cluster.podsOf(key).map((pod) => pod.configHash)).toEqual([hash, hash, hash]);
  });

  it('takes back what a control plane before it stored and no pod ever carried', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    story.cluster.problem = { cause: 'image-pull', message: 'no such image' };
    await story.stop();
    story.cluster.rollout.resume();

    await story.start();
    await story.pass(15_000, 'ada');

    expect(await story.phase('mine')).toBe('failed');
    expect(await story.cluster.store.read(key)).toBeUndefined();
  });

  it('prepares anew what lost its entry while it was away', async () => {
    await using story = new Story();
    await activated(story);
    await story.stop();
    await story.cluster.store.delete(key);

    await story.start();

    expect(await story.phase('mine')).toBe('active');
    expect(await story.cluster.store.read(key)).toBeDefined();
  });

  it('leaves what is over as it is', async () => {
    await using story = new Story();
    await activated(story);
    await story.ask('again', {}, 'bob');
    const told = story.told('again');

    await story.start();

    expect(story.told('again')).toEqual(told);
  });

  it('starts the lease of sessions anew, and frees what nobody comes back for', async () => {
    await using story = new Story();
    await activated(story);
    await story.stop();
    story.lose();
    await story.clock.advance(3_600_000);

    await story.start();
    await story.pass(14_000);
    expect(await story.phase('mine')).toBe('interrupted');
    await story.pass(1_000);

    expect(await story.phase('mine')).toBe('gone');
  });

  it('can be run once, and disposed before it ran', async () => {
    await using story = new Story();
    await story.start();
    await expect(story.plane.run()).rejects.toMatchObject({ code: 'bad-request' });

    await story.plane[Symbol.asyncDispose]();
    await story.plane[Symbol.asyncDispose]();

    await expect(story.plane.run()).rejects.toMatchObject({ code: 'bad-request' });
    await expect(story.plane.run({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });
});

describe('a watch that breaks off', () => {
  it('is taken up again, and nothing that happened meanwhile is missed (case 34)', async () => {
    const line = new Line();
    await using story = new Story({ ports: (usual) => line.through(usual) });
    await activated(story);
    await story.ask('other', { match: { headers: { a: '1' } } }, 'bob');

    line.cut();
    await story.settle();
    await story.registry.delete('shop', 'mine');
    story.cluster.fleet.leaveSession('session of bob', 'fingerprint of bob');
    story.connect('eve');
    await story.registry.create({
      namespace: 'shop',
      name: 'new',
      spec: { mode: 'intercept', workload: { namespace: 'shop', name: 'cart' }, ports: [] },
      session: { id: 'session of eve', fingerprint: 'fingerprint of eve', label: 'eve' },
    });
    await story.deploy(cart({ replicas: 4 }));
    expect(story.told('new')).toEqual(['requested']);
    line.mend();
    await story.pass(5_000, 'eve');

    expect(await story.status('new')).toMatchObject({ phase: 'active', replicas: { ready: 4, total: 4 } });
    expect(story.serving().flat()).toEqual(Array.from({ length: 4 }, () => 'shop/new'));
    expect(story.metrics.value('fairlead_watch_failures_total', { what: 'intercepts' })).toBeGreaterThan(0);
    await story.pass(15_000, 'eve');
    expect(await story.phase('other')).toBe('gone');
  });

  it('follows what the cluster and others changed meanwhile', async () => {
    const line = new Line();
    await using story = new Story({ ports: (usual) => line.through(usual) });
    await activated(story);

    line.cut();
    await story.settle();
    story.cluster.resolver.applyService(sampleService({ ports: [{ name: 'http', port: 8000, targetPort: 'http' }] }));
    line.mend();
    await story.pass(5_000, 'ada');
    expect((await story.cluster.store.read(key))?.config.containers[0]?.intercepts[0]?.servicePort).toBe(8000);
    line.cut();
    await story.settle();
    await story.cluster.store.delete(key);
    line.mend();
    await story.pass(5_000, 'ada');

    expect(await story.phase('mine')).toBe('failed');
  });

  it('does not believe in sessions that may have gone meanwhile', async () => {
    const line = new Line();
    await using story = new Story({ ports: (usual) => line.through(usual) });
    await activated(story);

    line.cut();
    await story.settle();
    story.lose();
    line.mend();
    await story.pass(2_000);

    expect(await story.phase('mine')).toBe('interrupted');
  });
});

async function activated(story: Story): Promise<void> {
  await story.start();
  await story.deploy();
  story.connect();
  await story.ask('mine');
  expect(await story.phase('mine')).toBe('active');
}

/** Watches that all break at once, and cannot be opened until the line is mended. */
class Line {
  #stop = new AbortController();
  #isUp = true;

  cut(): void {
    this.#isUp = false;
    this.#stop.abort();
  }

  mend(): void {
    this.#isUp = true;
    this.#stop = new AbortController();
  }

  through(usual: ControlPlanePorts): Partial<ControlPlanePorts> {
    const tap =
      <Args extends unknown[], Change>(
        watch: (...args: Args) => AsyncIterable<Change>,
        signalOf: (args: Args, joined: AbortSignal) => Args,
      ) =>
      (...args: Args): AsyncIterable<Change> => {
        if (!this.#isUp) throw new Error('the line is down');
        return watch(...signalOf(args, this.#stop.signal));
      };
    const { interceptRegistry, workloadResolver, agentConfigStore, agentFleet } = usual;
    const second = (
      args: [string, { signal?: AbortSignal }?],
      line: AbortSignal,
    ): [string, { signal: AbortSignal }] => [
      args[0],
      { signal: AbortSignal.any([line, ...(args[1]?.signal ? [args[1].signal] : [])]) },
    ];
    const first = (args: [{ signal?: AbortSignal }?], line: AbortSignal): [{ signal: AbortSignal }] => [
      { signal: AbortSignal.any([line, ...(args[0]?.signal ? [args[0].signal] : [])]) },
    ];
    return {
      interceptRegistry: withWatch(interceptRegistry, tap(interceptRegistry.watch.bind(interceptRegistry), second)),
      workloadResolver: withWatch(workloadResolver, tap(workloadResolver.watch.bind(workloadResolver), second)),
      agentConfigStore: withWatch(agentConfigStore, tap(agentConfigStore.watch.bind(agentConfigStore), second)),
      agentFleet: withWatch(agentFleet, tap(agentFleet.watch.bind(agentFleet), first)),
    };
  }
}

/** The port with another watch. */
function withWatch<Port extends object>(port: Port, watch: unknown): Port {
  return new Proxy(port, {
    get: (target, name) => {
      if (name === 'watch') return watch;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
