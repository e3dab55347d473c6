import { describe, expect, it } from 'vitest';
import { keyOf, sampleConfig, sampleService } from '../conformance/samples.ts';
import { StaticAgentImageSource } from '../memory/static-agent-image-source.ts';
import { StaticIdentityProvider } from '../memory/static-identity-provider.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import { agentContainerName } from '../model/pod.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());
const twoPorts = sampleService({
  ports: [
    { name: 'http', port: 80, targetPort: 'http' },
    { name: 'admin', port: 81, targetPort: 8081 },
  ],
});
const withTwoPorts = cart({
  template: {
    metadata: { labels: { app: 'cart' } },
    spec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 8081 }] }] },
  },
});

describe('preparing an intercept', () => {
  it('plans, stores, rolls out, waits for the agents and tells every step (row 28)', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    const before = podNames(story);
    story.connect();
    story.cluster.rollout.hold();

    await story.ask('mine');
    for (const _pod of before) {
      story.cluster.rollout.step();
      await story.settle();
    }

    expect(story.told('mine')).toEqual([
      'requested',
      'planned, planned 1/1',
      'planned, stored 1/1',
      'rolling-out, rolling-out 0/3',
      'rolling-out, rolling-out 1/3',
      'rolling-out, rolling-out 2/3',
      'rolling-out, rolling-out 3/3',
      'waiting, agents 3/3, 0 of 3',
      'active, 3 of 3',
    ]);
    expect(story.cluster.rollout.replaced).toEqual(before);
    expect(story.serving()).toEqual([['shop/mine'], ['shop/mine'], ['shop/mine']]);
    expect(await story.status('mine')).toMatchObject({ workload: key, connections: [{ agentPort: 9900 }] });
    await story.leave('mine');
    expect(story.told('mine').at(-1)).toBe('gone');
    expect(story.serving()).toEqual([[], [], []]);
  });

  it('touches nothing for a workload that carries the agent already', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('first');
    await story.leave('first');
    const pods = podNames(story);
    const entry = await story.cluster.store.read(key);

    await story.ask('second');

    expect(story.told('second')).toEqual([
      'requested',
      'planned, planned 1/1',
      'planned, stored 1/1',
      'waiting, agents 3/3, 0 of 3',
      'active, 3 of 3',
    ]);
    expect(podNames(story)).toEqual(pods);
    expect(await story.cluster.store.read(key)).toEqual(entry);
  });

  it('tells agents the routes of several intercepts in order of precedence, and wiretaps beside', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy(cart({ replicas: 1 }));
    for (const name of ['ada', 'bob', 'eve']) story.connect(name);
    const one = { headers: { 'x-user': 'ada' } };
    const two = { headers: { 'x-user': 'bob', 'x-run': '7' } };

    await story.ask('broad', { match: one }, 'ada');
    await story.ask('narrow', { match: two, toggle: 'cut', includeProbes: true }, 'bob');
    await story.ask('ear', { mode: 'wiretap' }, 'eve');

    for (const name of ['broad', 'narrow', 'ear']) expect(await story.phase(name)).toBe('active');
    const [agent] = story.cluster.agentsOf(cart());
    expect(agent?.assignments.at(-1)?.ports).toEqual([
      {
        agentPort: 9900,
        protocol: 'TCP',
        intercepts: [
          { id: 'shop/narrow', match: two, toggle: 'cut', includeProbes: true },
          { id: 'shop/broad', match: one, toggle: 'drain', includeProbes: false },
        ],
        wiretaps: [{ id: 'shop/ear' }],
      },
    ]);
  });

  it('serves several ports with one intercept, each at its own agent port', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy(withTwoPorts, [twoPorts]);
    story.connect();

    await story.ask('mine', { ports: [{ port: 'http' }, { port: 81 }] });

    expect(await story.phase('mine')).toBe('active');
    const [agent] = story.cluster.agentsOf(cart());
    const ports = agent?.assignments.at(-1)?.ports ?? [];
    expect(ports.map((port) => [port.agentPort, port.intercepts.map(({ id }) => id)])).toEqual([
      [9900, ['shop/mine']],
      [9901, ['shop/mine']],
    ]);
  });

  it('lets intercepts on different ports of one workload stand side by side', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy(withTwoPorts, [twoPorts]);
    story.connect('ada');
    story.connect('bob');

    await story.ask('first', { ports: [{ port: 80 }] }, 'ada');
    await story.ask('second', { ports: [{ port: 81 }] }, 'bob');

    expect(await story.phase('first')).toBe('active');
    expect(await story.phase('second')).toBe('active');
  });

  it('prepares three workloads at once, each on its own', async () => {
    await using story = new Story();
    await story.start();
    for (const name of ['cart', 'till', 'stock'])
      await story.deploy(cart({ name, selector: { app: name }, template: templateOf(name) }), [
        sampleService({ name }),
      ]);
    story.connect();

    await Promise.all(
      ['cart', 'till', 'stock'].map((name) => story.ask(name, { workload: { namespace: 'shop', name } })),
    );

    for (const name of ['cart', 'till', 'stock']) expect(await story.phase(name)).toBe('active');
  });

  it('uses a manual entry as it is: nothing is written, nothing rolled out (row 42)', async () => {
    await using story = new Story();
    const byHand = cart({
      template: {
        metadata: { labels: { app: 'cart' } },
        spec: { containers: [...cart().template.spec.containers, { name: agentContainerName }] },
      },
    });
    const manual = await story.cluster.store.write(key, sampleConfig({ manual: true, agentImage: 'own/agent:9' }));
    await story.start();
    await story.deploy(byHand);
    const pods = podNames(story);
    story.connect();

    await story.ask('mine');

    expect(await story.phase('mine')).toBe('active');
    expect(podNames(story)).toEqual(pods);
    expect(await story.cluster.store.read(key)).toEqual(manual);
  });

  it('keeps the fields of an entry that it does not know', async () => {
    await using story = new Story();
    await story.cluster.store.write(key, { ...sampleConfig(), tracing: { port: 15_766 } } as AgentConfig);
    await story.start();
    await story.deploy();
    story.connect();

    await story.ask('mine');

    expect(await story.phase('mine')).toBe('active');
    expect((await story.cluster.store.read(key))?.config).toMatchObject({
      tracing: { port: 15_766 },
      agentImage: 'registry.example/agent:1',
    });
  });

  it('asks for the image once, and makes do with the stored one when nobody can tell', async () => {
    let asked = 0;
    let broken = false;
    const source = new StaticAgentImageSource('registry.example/agent:2');
    const preferred = async (): Promise<string> => {
      asked++;
      if (broken) throw new Error('no answer');
      return source.preferred();
    };
    await using story = new Story({ ports: () => ({ agentImageSource: { preferred } }) });
    await story.start();
    await story.deploy();
    story.connect();
    await story.ask('first');
    await story.leave('first');
    await story.ask('second');
    expect(asked).toBe(1);
    await story.leave('second');
    broken = true;
    await story.start();

    await story.ask('third');

    expect(await story.phase('third')).toBe('active');
    expect((await story.cluster.store.read(key))?.config.agentImage).toBe('registry.example/agent:2');
  });

  it('asks who may do what, when it knows whom to ask', async () => {
    const ada = { user: 'ada', groups: [] };
    const identityProvider = new StaticIdentityProvider([
      { identity: ada, credential: { type: 'local', token: 'x' }, namespaces: ['shop'] },
    ]);
    await using story = new Story({
      ports: () => ({ identityProvider }),
      requesters: { ada, mallory: { user: 'mallory', groups: [] } },
    });
    await story.start();
    await story.deploy();
    for (const name of ['ada', 'mallory', 'nobody']) story.connect(name);
    const match = { headers: { 'x-user': 'ada' } };

    await story.ask('of-mallory', {}, 'mallory');
    await story.ask('of-nobody', { match }, 'nobody');
    await story.ask('of-ada', { match }, 'ada');

    expect((await story.status('of-mallory'))?.error).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('mallory may not intercept deployment/cart'),
    });
    expect((await story.status('of-nobody'))?.error).toMatchObject({ code: 'forbidden' });
    expect(await story.phase('of-ada')).toBe('active');
  });
});

function templateOf(name: string): ReturnType<typeof cart>['template'] {
  return { ...cart().template, metadata: { labels: { app: name } } };
}
