import { describe, expect, it } from 'vitest';
import { keyOf, sampleConfig, sampleService } from '../conformance/samples.ts';
import { removeAgent } from './remove-agent.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());
const moved = sampleService({ ports: [{ name: 'http', port: 8000, targetPort: 'http' }] });

describe('a cluster that changes under the agents', () => {
  it('has the config follow the services, and exactly the pods that differ replaced', async () => {
    await using story = new Story();
    await activated(story);
    const pods = podNames(story);

    story.cluster.resolver.applyService(moved);

    expect(await story.phase('mine')).toBe('active');
    const connection = (await story.cluster.store.read(key))?.config.containers[0]?.intercepts[0];
    expect(connection?.servicePort).toBe(8000);
    expect((await story.status('mine'))?.connections?.[0]?.servicePort).toBe(8000);
    expect(podNames(story).filter((pod) => pods.includes(pod))).toEqual([]);
  });

  it('tries a rollout again that failed, also when a new intercept waited for it', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('earlier', { match: { headers: { 'x-user': 'ada' } } });
    story.cluster.rollout.hold();
    story.cluster.resolver.applyService(sampleService({ ports: [{ name: 'http', port: 81, targetPort: 'http' }] }));
    await story.settle();
    await story.ask('later', { match: { headers: { 'x-user': 'bob' } } });
    expect(await story.phase('later')).toBe('rolling-out');

    story.cluster.rollout.failNext('a node is full');
    story.cluster.rollout.resume();
    expect(await story.phase('later')).toBe('failed');
    await story.pass(10_000, 'ada');

    const hash = (await story.cluster.store.read(key))?.config.hash;
    expect(story.cluster.podsOf(key).map(({ configHash }) => configHash)).toEqual([hash, hash, hash]);
    expect(await story.phase('earlier')).toBe('active');
  });

  it('replaces pods that were admitted just before the config changed, and seen just after', async () => {
    await using story = new Story();
    await activated(story);
    await story.cluster.deploy(cart({ replicas: 0 }));
    await story.settle();

    // Nothing has time to settle in between: the pods are made with what is stored until now.
    story.cluster.resolver.applyService(moved);
    await story.cluster.deploy(cart({ replicas: 2 }));
    await story.pass(1_000, 'ada');

    const hash = (await story.cluster.store.read(key))?.config.hash;
    expect(story.cluster.podsOf(key).map(({ configHash }) => configHash)).toEqual([hash, hash]);
    expect(await story.phase('mine')).toBe('active');
  });

  it('follows also when nobody uses the agent', async () => {
    await using story = new Story();
    await activated(story);
    await story.leave('mine');

    story.cluster.resolver.applyService(moved);
    await story.settle();

    const hash = (await story.cluster.store.read(key))?.config.hash;
    expect(new Set(story.cluster.podsOf(key).map((pod) => pod.configHash))).toEqual(new Set([hash]));
  });

  it('follows what changed while it was away, and only that', async () => {
    await using story = new Story();
    await activated(story);
    await story.stop();
    story.cluster.resolver.applyService(moved);
    const replaced = story.cluster.rollout.replaced.length;

    await story.start();

    expect(await story.phase('mine')).toBe('active');
    expect(story.cluster.rollout.replaced).toHaveLength(replaced + 3);
  });

  it('does nothing for a change that changes nothing here', async () => {
    await using story = new Story();
    await activated(story);
    const pods = podNames(story);
    const entry = await story.cluster.store.read(key);

    story.cluster.resolver.applyService(sampleService({ name: 'till', selector: { app: 'till' } }));
    story.cluster.resolver.applyService(sampleService());
    story.cluster.resolver.applyWorkload(cart({ annotations: { 'deployment.kubernetes.io/revision': '7' } }));
    await story.settle();

    expect(podNames(story)).toEqual(pods);
    expect(await story.cluster.store.read(key)).toEqual(entry);
  });

  it('does not roll out for a new preferred image alone', async () => {
    let image = 'registry.example/agent:1';
    await using story = new Story({ ports: () => ({ agentImageSource: { preferred: async () => image } }) });
    await activated(story);
    const pods = podNames(story);
    image = 'registry.example/agent:2';

    await story.start();

    expect(podNames(story)).toEqual(pods);
  });

  it('keeps a config that cannot be planned any more, and says why', async () => {
    await using story = new Story();
    await activated(story);
    const entry = await story.cluster.store.read(key);

    story.cluster.resolver.removeService(sampleService());

    expect(await story.phase('mine')).toBe('active');
    expect(await story.cluster.store.read(key)).toEqual(entry);
    expect(story.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'agent config cannot follow the cluster' }),
    );
  });

  it('ends an intercept whose port no service reaches any more', async () => {
    await using story = new Story();
    await activated(story);
    const { template } = cart();
    const containers = [...template.spec.containers, { name: 'side', ports: [{ name: 'side', containerPort: 9090 }] }];
    const elsewhere = sampleService({ ports: [{ name: 'http', port: 80, targetPort: 'side' }] });

    story.cluster.resolver.applyWorkload(cart({ template: { ...template, spec: { containers } } }));
    story.cluster.resolver.applyService(elsewhere);

    expect(await story.status('mine')).toMatchObject({ phase: 'failed', error: { code: 'no-connection' } });
  });

  it('corrects an entry that somebody edited without marking it manual', async () => {
    await using story = new Story();
    await activated(story);
    const entry = await story.cluster.store.read(key);

    const edited = { ...sampleConfig(), ...entry?.config, managerPort: 1, containers: [] };
    await story.cluster.store.write(key, edited, entry?.revision);
    await story.settle();

    expect((await story.cluster.store.read(key))?.config.containers).toEqual(entry?.config.containers);
  });

  it('never touches an entry that becomes manual, nor its pods (row 42)', async () => {
    await using story = new Story();
    await activated(story);
    const pods = podNames(story);
    const entry = await story.cluster.store.read(key);
    const manual = { ...sampleConfig(), ...entry?.config, manual: true };
    const stored = await story.cluster.store.write(key, manual, entry?.revision);

    story.cluster.resolver.applyService(moved);
    await story.settle();

    expect(await story.cluster.store.read(key)).toEqual(stored);
    expect(podNames(story)).toEqual(pods);
    expect(await story.phase('mine')).toBe('active');
  });

  it('deletes the entry of a workload that is gone for good', async () => {
    await using story = new Story();
    await activated(story);
    await story.leave('mine');

    story.cluster.resolver.removeWorkload(key);
    await story.settle();

    expect(await story.cluster.store.list('shop')).toEqual([]);
  });

  it('waits for a workload that is replaced while it is intercepted', async () => {
    await using story = new Story();
    await activated(story);

    story.cluster.resolver.removeWorkload(key);
    for (const pod of story.cluster.podsOf(key)) story.cluster.stop(pod);
    expect(await story.status('mine')).toMatchObject({ phase: 'interrupted', error: { code: 'workload-not-found' } });
    await story.deploy();

    expect(await story.phase('mine')).toBe('active');
  });
});

describe('taking an agent away', () => {
  it('replaces the pods by pods without an agent', async () => {
    await using story = new Story();
    await activated(story);
    await story.leave('mine');

    expect(await removeAgent({ agentConfigStore: story.cluster.store, interceptRegistry: story.registry }, key)).toBe(
      true,
    );
    await story.settle();

    expect(story.cluster.podsOf(key).map((pod) => pod.configHash)).toEqual([undefined, undefined, undefined]);
    expect(await removeAgent({ agentConfigStore: story.cluster.store, interceptRegistry: story.registry }, key)).toBe(
      false,
    );
  });

  it('names the intercept that needs it, and ends that one when forced', async () => {
    await using story = new Story();
    await activated(story);
    const ports = { agentConfigStore: story.cluster.store, interceptRegistry: story.registry };
    await expect(removeAgent(ports, key)).rejects.toMatchObject({ code: 'conflict', holder: { intercept: 'mine' } });
    expect(await story.phase('mine')).toBe('active');

    await removeAgent(ports, key, { force: true });

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { message: 'the agent config of deployment/cart was deleted' },
    });
    expect(story.cluster.podsOf(key).map((pod) => pod.configHash)).toEqual([undefined, undefined, undefined]);
    expect(await story.cluster.store.read(key)).toBeUndefined();
  });

  it('leaves manual entries to their owners', async () => {
    await using story = new Story();
    const ports = { agentConfigStore: story.cluster.store, interceptRegistry: story.registry };
    await story.cluster.store.write(key, sampleConfig({ manual: true }));

    await expect(removeAgent(ports, key)).rejects.toMatchObject({ code: 'manual-config' });
  });

  it('does not replace pods when a manual entry is deleted', async () => {
    await using story = new Story();
    await activated(story);
    const entry = await story.cluster.store.read(key);
    await story.cluster.store.write(key, { ...sampleConfig(), ...entry?.config, manual: true }, entry?.revision);
    await story.settle();
    const pods = podNames(story);

    await story.cluster.store.delete(key);
    await story.settle();

    expect(podNames(story)).toEqual(pods);
  });
});

async function activated(story: Story): Promise<void> {
  await story.start();
  await story.deploy();
  story.connect();
  await story.ask('mine');
  expect(await story.phase('mine')).toBe('active');
}
