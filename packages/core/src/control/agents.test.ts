import { describe, expect, it } from 'vitest';
import { keyOf, sampleService } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import type { MemoryAgent } from '../memory/memory-agent.ts';
import { cart, Story } from './testing/story.ts';

const key = keyOf(cart());

describe('an intercept and its agents', () => {
  it('is not active before every agent has acknowledged', async () => {
    await using story = new Story();
    await prepared(story);
    const agents = story.cluster.agentsOf(key);
    for (const agent of agents) agent.hold();

    await story.ask('mine');
    expect(await story.status('mine')).toMatchObject({ phase: 'waiting', replicas: { ready: 0, total: 3 } });
    for (const agent of agents.slice(0, 2)) agent.acknowledge();
    expect(await story.status('mine')).toMatchObject({ phase: 'waiting', replicas: { ready: 2, total: 3 } });
    agents[2]?.acknowledge();

    expect(await story.status('mine')).toMatchObject({ phase: 'active', replicas: { ready: 3, total: 3 } });
  });

  it('is not active before the tunnel of its session is up', async () => {
    await using story = new Story();
    await prepared(story);
    story.lose();

    await story.ask('mine');
    expect(await story.phase('mine')).toBe('waiting');
    expect(story.serving()).toEqual([[], [], []]);
    story.connect();

    expect(await story.phase('mine')).toBe('active');
  });

  it('does not take one who has only the id for the session', async () => {
    await using story = new Story();
    await prepared(story);
    story.lose();

    story.cluster.fleet.seeSession('session of ada', 'fingerprint of mallory');
    await story.ask('mine');

    expect(await story.phase('mine')).toBe('waiting');
  });

  it('is interrupted when an agent goes, and active again when it is back (row 26)', async () => {
    await using story = new Story();
    await activated(story);

    story.cluster.agentsOf(key)[0]?.disconnect();
    expect(await story.status('mine')).toMatchObject({
      phase: 'interrupted',
      replicas: { ready: 2, total: 3 },
      error: { code: 'agent-not-ready', message: '1 of 3 ready pods have no connected traffic-agent' },
    });
    reconnect(story, 0);

    expect(await story.status('mine')).toMatchObject({ phase: 'active', replicas: { ready: 3, total: 3 } });
    expect(story.cluster.fleet.handles.map((agent) => agent.serving)).toEqual([
      ['shop/mine'],
      ['shop/mine'],
      ['shop/mine'],
    ]);
  });

  it('survives that agents leave one after another, and is interrupted when none is left (row 26)', async () => {
    await using story = new Story();
    await activated(story);

    for (const left of [2, 1, 0]) {
      await story.deploy(cart({ replicas: left }));
      expect(await story.status('mine')).toMatchObject({
        phase: left === 0 ? 'interrupted' : 'active',
        replicas: { ready: left, total: left },
      });
    }
  });

  it('comes back with the first pod after the workload was scaled to none (row 44, case 30)', async () => {
    await using story = new Story();
    await activated(story);
    await story.deploy(cart({ replicas: 0 }));

    await story.deploy(cart({ replicas: 2 }));

    expect(await story.status('mine')).toMatchObject({ phase: 'active', replicas: { ready: 2, total: 2 } });
    expect(story.serving()).toEqual([['shop/mine'], ['shop/mine']]);
  });

  it('is adopted by the agents of new pods (row 45, case 31)', async () => {
    await using story = new Story();
    await activated(story);

    const [victim] = story.cluster.podsOf(key);
    if (victim) await story.cluster.kill(victim);
    await story.deploy(cart({ replicas: 5 }));

    expect(await story.status('mine')).toMatchObject({ phase: 'active', replicas: { ready: 5, total: 5 } });
    expect(story.serving().flat()).toEqual(Array.from({ length: 5 }, () => 'shop/mine'));
  });

  it('is interrupted by a pod that came up without an agent, and restarts nothing for it', async () => {
    await using story = new Story();
    await activated(story);
    const replaced = story.cluster.rollout.replaced.length;

    story.cluster.webhook = 'down';
    await story.deploy(cart({ replicas: 4 }));
    await story.pass(120_000, 'ada');

    expect(await story.status('mine')).toMatchObject({ phase: 'interrupted', replicas: { ready: 3, total: 4 } });
    expect(story.cluster.rollout.replaced).toHaveLength(replaced);
  });

  it('gives an agent nothing to serve whose config is not known (rows 24, 25)', async () => {
    await using story = new Story();
    await activated(story);
    const [pod] = story.cluster.podsOf(key);

    const stranger = story.cluster.fleet.connect({
      workload: key,
      pod: { name: pod?.name ?? '', uid: pod?.uid ?? '' },
      configHash: 'of another time',
      version: 'memory',
    });

    expect(await story.phase('mine')).toBe('interrupted');
    expect(stranger.serving).toEqual([]);
  });

  it('tells the agents of a workload that nobody intercepts to serve nothing (row 30)', async () => {
    await using story = new Story();
    await prepared(story);

    await story.deploy(cart({ replicas: 4 }));

    for (const agent of story.cluster.agentsOf(key)) expect(agent.assignments.at(-1)?.ports).toEqual([]);
  });

  it('is not asked to be acknowledged again because another one joins', async () => {
    await using story = new Story();
    await prepared(story);
    const match = (user: string) => ({ match: { headers: { 'x-user': user } } });
    await story.ask('first', match('ada'));
    const agents = story.cluster.agentsOf(key);
    for (const agent of agents) agent.hold();

    await story.ask('second', match('bob'));
    // Something else makes the control plane look again, while the new epoch is not acknowledged.
    story.cluster.resolver.applyService(sampleService());

    expect(await story.phase('second')).toBe('waiting');
    expect(await story.phase('first')).toBe('active');
    for (const agent of agents) agent.acknowledge();
    expect(await story.phase('second')).toBe('active');
    expect(story.told('first').filter((fact) => fact.startsWith('interrupted'))).toEqual([]);
  });

  it('gives every agent epochs that only grow, and the same one for the same change (case 33)', async () => {
    await using story = new Story();
    await prepared(story);
    await story.ask('first', { match: { headers: { a: '1' } } });
    await story.ask('second', { match: { headers: { a: '2' } } });
    await story.leave('first');

    const epochs = story.cluster.agentsOf(key).map((agent) => epochsOf(agent));

    for (const own of epochs) expect(own).toEqual([...own].sort((a, b) => a - b));
    expect(new Set(epochs.map((own) => own.at(-1))).size).toBe(1);
  });

  it('tells an agent again what it did not acknowledge in time', async () => {
    await using story = new Story();
    await prepared(story);
    const [first] = story.cluster.agentsOf(key);
    first?.hold();
    await story.ask('mine');

    await story.pass(11_000, 'ada');
    expect(await story.phase('mine')).toBe('waiting');
    first?.acknowledge();
    await story.pass(2_000, 'ada');

    expect(await story.phase('mine')).toBe('active');
  });

  it('fails with what the agent says when it refuses for good', async () => {
    await using story = new Story();
    await prepared(story);
    story.cluster.agentsOf(key)[1]?.refuse(new FairleadError('port-taken', 'port 9900 is taken'));

    await story.ask('mine');
    await story.pass(61_000, 'ada');

    expect(await story.status('mine')).toMatchObject({
      phase: 'failed',
      error: { code: 'agent-not-ready', message: expect.stringContaining('port 9900 is taken') },
    });
    expect(story.serving()).toEqual([[], [], []]);
  });

  it('says whose an intercept is while agents serve it, and not before or after', async () => {
    await using story = new Story();
    await prepared(story);
    expect(story.plane.interceptOwner('shop/mine')).toBeUndefined();

    await story.ask('mine');
    expect(story.plane.interceptOwner('shop/mine')).toEqual({
      workload: key,
      sessionId: 'session of ada',
      fingerprint: 'fingerprint of ada',
    });
    const ada = { sessionId: 'session of ada', fingerprint: 'fingerprint of ada' };
    expect(story.plane.holdsIn('shop', ada)).toBe(true);
    expect(story.plane.holdsIn('bank', ada)).toBe(false);
    expect(story.plane.holdsIn('shop', { ...ada, fingerprint: 'another' })).toBe(false);
    await story.leave('mine');

    expect(story.plane.interceptOwner('shop/mine')).toBeUndefined();
    expect(story.plane.holdsIn('shop', ada)).toBe(false);
  });

  it('counts phases, rollouts and replaced pods, and the time that it took to become active', async () => {
    await using story = new Story();
    await activated(story);

    expect(story.metrics.value('fairlead_intercept_phases_total', { phase: 'active' })).toBe(2);
    expect(story.metrics.durations('fairlead_intercept_activation_seconds')).toHaveLength(2);
    expect(story.metrics.value('fairlead_rollouts_total', { outcome: 'succeeded' })).toBe(1);
    expect(story.metrics.value('fairlead_replaced_pods_total')).toBe(3);
  });
});

/** The workload carries agents, and nobody holds anything. */
async function prepared(story: Story): Promise<void> {
  await story.start();
  await story.deploy();
  story.connect();
  await story.ask('earlier');
  await story.leave('earlier');
}

async function activated(story: Story): Promise<void> {
  await prepared(story);
  await story.ask('mine');
  expect(await story.phase('mine')).toBe('active');
}

function reconnect(story: Story, at: number): void {
  const { agent } = story.cluster.agentsOf(key)[at] as MemoryAgent;
  story.cluster.fleet.connect(agent);
}

function epochsOf(agent: MemoryAgent): readonly number[] {
  return agent.assignments.map(({ epoch }) => epoch);
}
