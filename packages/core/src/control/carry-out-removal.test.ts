import { describe, expect, it } from 'vitest';
import { keyOf } from '../conformance/samples.ts';
import { StaticIdentityProvider } from '../memory/static-identity-provider.ts';
import { cart, podNames, Story } from './testing/story.ts';

const key = keyOf(cart());
const removal = { mode: 'removal' } as const;

describe('asking for an agent to go', () => {
  it('replaces the pods, keeps nothing, and says that it is done', async () => {
    await using story = new Story();
    await intercepted(story);
    await story.leave('mine');

    await story.ask('bye', removal);

    expect(await story.status('bye')).toMatchObject({ phase: 'released', workload: key });
    expect(story.cluster.podsOf(key).map((pod) => pod.configHash)).toEqual([undefined, undefined, undefined]);
    expect(await story.cluster.store.list('shop')).toEqual([]);
  });

  it('is refused while somebody intercepts, who is named, and works when the last one has left', async () => {
    await using story = new Story();
    await intercepted(story);
    const pods = podNames(story);

    await story.ask('bye', removal, 'bob');

    expect(await story.status('bye')).toMatchObject({
      phase: 'refused',
      error: { code: 'conflict', holder: { intercept: 'mine', session: 'ada' } },
    });
    expect(await story.phase('mine')).toBe('active');
    expect(podNames(story)).toEqual(pods);

    await story.leave('mine');
    await story.ask('again', removal, 'bob');
    expect(await story.phase('again')).toBe('released');
  });

  it('is refused where there is no agent, and where there is no workload', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();

    await story.ask('bye', removal);
    await story.ask('ghost', { ...removal, workload: { namespace: 'shop', name: 'ghost' } });

    expect(await story.status('bye')).toMatchObject({ phase: 'refused', error: { code: 'not-found' } });
    expect(await story.status('ghost')).toMatchObject({ phase: 'refused', error: { code: 'workload-not-found' } });
  });

  it('is for those who may intercept the workload, and for nobody else', async () => {
    const identity = { user: 'mallory', groups: [] };
    const known = { identity, credential: { type: 'local', token: 'm' }, namespaces: ['elsewhere'] } as const;
    await using story = new Story({
      ports: () => ({ identityProvider: new StaticIdentityProvider([known]) }),
      requesters: { mallory: identity },
    });
    await intercepted(story);
    await story.leave('mine');

    await story.ask('bye', removal, 'mallory');

    expect(await story.status('bye')).toMatchObject({
      phase: 'refused',
      error: { code: 'forbidden', message: expect.stringContaining('mallory may not intercept deployment/cart') },
    });
    expect(await story.cluster.store.read(key)).toBeDefined();
  });

  it('survives a control plane that is replaced before it came to it', async () => {
    await using story = new Story();
    await intercepted(story);
    await story.leave('mine');
    await story.stop();
    await story.ask('bye', removal);

    await story.start();

    expect(await story.phase('bye')).toBe('released');
    expect(await story.cluster.store.read(key)).toBeUndefined();
  });
});

async function intercepted(story: Story): Promise<void> {
  await story.start();
  await story.deploy();
  story.connect();
  await story.ask('mine');
  expect(await story.phase('mine')).toBe('active');
}
