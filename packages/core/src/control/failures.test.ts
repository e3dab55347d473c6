import { describe, expect, it } from 'vitest';
import { keyOf, sampleService } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());

describe('a preparation that comes to nothing', () => {
  it('names the first decisive cause as soon as it persists, and leaves the workload as it was (row 54)', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    const pods = podNames(story);
    story.connect();
    story.cluster.problem = { cause: 'image-pull', message: 'ImagePullBackOff: no such image' };

    await story.ask('mine');
    expect(await story.phase('mine')).toBe('rolling-out');
    await story.pass(10_000, 'ada');

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { code: 'agent-not-ready', message: expect.stringContaining('ImagePullBackOff: no such image') },
    });
    expect(await story.cluster.store.read(key)).toBeUndefined();
    expect(podNames(story)).toEqual(pods);
  });

  it('gives a cause that may pass its time', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.problem = { cause: 'unschedulable', message: '0/3 nodes are available' };
    await story.ask('mine');
    await story.pass(30_000, 'ada');
    expect(await story.phase('mine')).toBe('rolling-out');

    story.cluster.heal();

    expect(await story.phase('mine')).toBe('active');
  });

  it('fails when the agents do not dial in within the time limit', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.dialling = 'fails';
    await story.ask('mine');
    await story.pass(59_000, 'ada');
    expect(await story.phase('mine')).toBe('waiting');

    await story.pass(2_000, 'ada');

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { code: 'agent-not-ready', message: '3 of 3 ready pods have no connected traffic-agent' },
    });
    expect(await story.cluster.store.read(key)).toBeUndefined();
    expect(story.cluster.podsOf(key).map((pod) => pod.configHash)).toEqual([undefined, undefined, undefined]);
  });

  it('keeps to the time limit that it is given', async () => {
    await using story = new Story({ options: { agentArrivalTimeoutMs: 5_000 } });
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.dialling = 'fails';

    await story.ask('mine');
    await story.pass(5_000, 'ada');

    expect(await story.phase('mine')).toBe('failed');
  });

  it('fails for a webhook that does not inject, and works at the next try after it is repaired (case 32)', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.webhook = 'down';
    await story.ask('first');
    expect(await story.status('first')).toMatchObject({
      phase: 'failed',
      error: { code: 'agent-not-ready', hint: expect.stringContaining('injector') },
    });
    expect(await story.cluster.store.read(key)).toBeUndefined();

    story.cluster.webhook = 'up';
    await story.ask('second');

    expect(await story.phase('second')).toBe('active');
  });

  it('fails when the rollout fails, with its cause, and puts back the pods that were replaced', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    story.cluster.rollout.step();
    await story.settle();
    expect(story.cluster.podsOf(key).filter((pod) => pod.configHash)).toHaveLength(1);

    story.cluster.rollout.failNext('the disruption budget forbids it');
    story.cluster.rollout.resume();

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { code: 'rollout-failed', message: expect.stringContaining('the disruption budget forbids it') },
    });
    expect(await story.cluster.store.read(key)).toBeUndefined();
    expect(story.cluster.podsOf(key).filter((pod) => pod.configHash)).toEqual([]);
  });

  it('gives a rollout up that replaces no pod for too long', async () => {
    await using story = new Story({ options: { rolloutPatienceMs: 30_000 } });
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.rollout.hold();
    await story.ask('mine');
    await story.pass(25_000, 'ada');
    story.cluster.rollout.step();
    await story.pass(25_000, 'ada');
    expect(await story.phase('mine')).toBe('rolling-out');

    await story.pass(5_000, 'ada');

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { message: expect.stringContaining('replaced no pod for 30 s (1 of 3 done)') },
    });
  });

  it('tries again to clean up when that fails at first', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.dialling = 'fails';
    await story.ask('mine');
    story.cluster.rollout.failNext('not now');
    await story.pass(61_000, 'ada');
    expect(story.cluster.podsOf(key).filter((pod) => pod.configHash)).toHaveLength(3);

    await story.pass(5_000, 'ada');

    expect(story.cluster.podsOf(key).filter((pod) => pod.configHash)).toEqual([]);
  });

  it('gives a clean-up up that fails every time, and says so', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.dialling = 'fails';
    await story.ask('mine');
    for (let at = 0; at < 60; at++) {
      story.cluster.rollout.failNext('not now');
      await story.pass(5_000, 'ada');
    }

    const lines = story.logger.lines.filter((line) => line.message === 'pods could not be replaced');
    expect(lines.map((line) => line.fields.isRetried)).toEqual([true, true, true, false]);
  });

  it('restores the config that was there before, for the others who use it', async () => {
    let image = 'registry.example/agent:1';
    await using story = new Story({ ports: () => ({ agentImageSource: { preferred: async () => image } }) });
    await story.start();
    await story.deploy();
    story.connect('ada');
    story.connect('bob');
    await story.ask('first', { match: { headers: { a: '1' } } }, 'ada');
    const before = await story.cluster.store.read(key);
    image = 'registry.example/agent:broken';
    await story.start();
    story.cluster.problem = { cause: 'image-pull', message: 'no such image' };

    await story.ask('second', { match: { headers: { a: '2' } } }, 'bob');
    await story.pass(15_000, 'ada', 'bob');

    expect(await story.phase('second')).toBe('failed');
    expect((await story.cluster.store.read(key))?.config).toEqual(before?.config);
    story.cluster.problem = undefined;
    expect(await story.phase('first')).toBe('active');
  });

  it('is taken back also when the services changed meanwhile', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    story.cluster.problem = { cause: 'image-pull', message: 'no such image' };
    await story.ask('mine');

    story.cluster.resolver.applyService(sampleService({ ports: [{ name: 'http', port: 8000, targetPort: 'http' }] }));
    await story.pass(15_000, 'ada');

    expect(await story.phase('mine')).toBe('failed');
    expect(await story.cluster.store.read(key)).toBeUndefined();
  });

  it('leaves what others are being prepared with', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect('ada');
    story.connect('bob');
    story.cluster.rollout.hold();
    await story.ask('first', { match: { headers: { a: '1' } } }, 'ada');
    await story.ask('second', { match: { headers: { a: '2' } } }, 'bob');

    await story.leave('first');
    story.cluster.rollout.resume();

    expect(await story.phase('second')).toBe('active');
    expect(await story.cluster.store.read(key)).toBeDefined();
  });

  it('waits for a store that does not answer, and goes on when it does', async () => {
    await using story = new Story({
      ports: ({ agentConfigStore }) => ({
        agentConfigStore: {
          read: (...args) => agentConfigStore.read(...args),
          list: (...args) => agentConfigStore.list(...args),
          delete: (...args) => agentConfigStore.delete(...args),
          watch: (...args) => agentConfigStore.watch(...args),
          write: (...args) => (stuck ? new Promise(() => {}) : agentConfigStore.write(...args)),
        },
      }),
      options: { callTimeoutMs: 2_000 },
    });
    let stuck = true;
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('mine');
    await story.pass(3_000, 'ada');
    expect(await story.phase('mine')).toBe('planned');
    const waits = story.logger.lines.filter((line) => line.message === 'a workload has to wait');
    expect(waits[0]?.fields.error).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('store the agent config'),
    });

    stuck = false;
    await story.pass(5_000, 'ada');

    expect(await story.phase('mine')).toBe('active');
  });

  it('serves what is prepared while the cluster does not answer', async () => {
    let broken = false;
    const answer = <T>(call: () => Promise<T>): Promise<T> =>
      broken ? Promise.reject(new FairleadError('unreachable', 'no answer')) : call();
    await using story = new Story({
      ports: ({ workloadResolver: resolver }) => ({
        workloadResolver: {
          find: (...args) => answer(() => resolver.find(...args)),
          list: (...args) => answer(() => resolver.list(...args)),
          services: (...args) => answer(() => resolver.services(...args)),
          pods: (...args) => answer(() => resolver.pods(...args)),
          ownerOf: (...args) => answer(() => resolver.ownerOf(...args)),
          watch: (...args) => resolver.watch(...args),
        },
      }),
    });
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('mine');
    broken = true;

    story.cluster.resolver.applyService(sampleService());
    story.lose();
    await story.pass(1_000);
    expect(await story.phase('mine')).toBe('interrupted');
    await story.pass(1_000, 'ada');

    expect(await story.phase('mine')).toBe('active');
    await story.leave('mine');
    await story.pass(1_000, 'ada');
    expect(story.serving()).toEqual([[], [], []]);
  });
});
