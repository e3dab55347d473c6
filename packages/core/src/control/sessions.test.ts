import { describe, expect, it } from 'vitest';
import { FairleadError } from '../errors.ts';
import type { InterceptRegistry } from '../ports/intercept-registry.ts';
import { cart, Story } from './testing/story.ts';

describe('the lease of a session', () => {
  it('frees the intercepts of a session that is silent for longer, and keeps those of others (row 36, cases 38, 39)', async () => {
    await using story = new Story();
    await activated(story);
    await story.pass(14_999, 'bob');
    expect(await story.phase('first')).toBe('active');

    await story.pass(1, 'bob');

    expect(await story.phase('first')).toBe('gone');
    expect(await story.phase('second')).toBe('active');
    expect(story.serving()).toEqual([['shop/second'], ['shop/second'], ['shop/second']]);
  });

  it('is kept by heartbeats', async () => {
    await using story = new Story();
    await activated(story);

    await story.pass(120_000, 'ada', 'bob');

    expect(await story.phase('first')).toBe('active');
    expect(story.told('first').filter((fact) => !fact.startsWith('active'))).toHaveLength(6);
  });

  it('outlives the loss of the tunnel: interrupted meanwhile, active when it is back (case 23)', async () => {
    await using story = new Story();
    await activated(story);

    story.lose('ada');
    expect(await story.status('first')).toMatchObject({ phase: 'interrupted', error: { code: 'connection-lost' } });
    await story.pass(10_000, 'bob');
    story.connect('ada');

    expect(await story.phase('first')).toBe('active');
  });

  it('ends at once when the session says goodbye', async () => {
    await using story = new Story();
    await activated(story);

    story.cluster.fleet.leaveSession('session of ada', 'fingerprint of ada');

    expect(await story.phase('first')).toBe('gone');
    expect(await story.phase('second')).toBe('active');
  });

  it('is not ended by one who has only the id (case 40)', async () => {
    await using story = new Story();
    await activated(story);

    story.cluster.fleet.seeSession('session of ada', 'fingerprint of mallory');
    story.cluster.fleet.leaveSession('session of ada', 'fingerprint of mallory');

    expect(await story.phase('first')).toBe('active');
  });

  it('runs for a session that asked and never came', async () => {
    await using story = new Story();
    await story.start();
    await story.deploy();
    await story.ask('mine', {}, 'ghost');
    expect(await story.phase('mine')).toBe('waiting');

    await story.pass(15_000);

    expect(await story.phase('mine')).toBe('gone');
  });

  it('frees refused and failed intercepts too', async () => {
    await using story = new Story();
    await activated(story);
    await story.ask('again', {}, 'ada');
    expect(await story.phase('again')).toBe('refused');

    await story.pass(15_000, 'bob');

    expect(await story.phase('again')).toBe('gone');
  });

  it('can be longer', async () => {
    await using story = new Story({ options: { leaseMs: 60_000 } });
    await activated(story);

    await story.pass(59_000);
    expect(await story.phase('first')).toBe('active');
    await story.pass(1_000);

    expect(await story.phase('first')).toBe('gone');
  });

  it('is enforced again when the registry did not answer', async () => {
    let broken = true;
    await using story = new Story({
      ports: ({ interceptRegistry: registry }) => ({
        interceptRegistry: anotherRegistry(registry, {
          delete: (...args) => (broken ? Promise.reject(new Error('no answer')) : registry.delete(...args)),
        }),
      }),
    });
    await activated(story);
    await story.pass(15_000, 'bob');
    expect(await story.phase('first')).toBe('active');

    broken = false;
    await story.pass(5_000, 'bob');

    expect(await story.phase('first')).toBe('gone');
  });

  it('does not run out while the registry is out of reach, through which sessions come (case 34)', async () => {
    let isAway = false;
    const away = (): Promise<never> => Promise.reject(new FairleadError('unreachable', 'no route'));
    await using story = new Story({
      ports: ({ interceptRegistry: registry }) => ({
        interceptRegistry: anotherRegistry(registry, {
          read: (...args) => (isAway ? away() : registry.read(...args)),
          list: (...args) => (isAway ? away() : registry.list(...args)),
          updateStatus: (...args) => (isAway ? away() : registry.updateStatus(...args)),
          delete: (...args) => (isAway ? away() : registry.delete(...args)),
        }),
      }),
    });
    await activated(story);

    isAway = true;
    for (const name of ['ada', 'bob']) story.lose(name);
    await story.pass(30_000);
    isAway = false;
    await story.pass(10_000);
    expect(await story.phase('first')).toBe('interrupted');
    story.connect('ada');
    await story.pass(20_000, 'ada');

    expect(await story.phase('first')).toBe('active');
    expect(await story.phase('second')).toBe('gone');
  });

  it('starts anew when the registry was silent for a while, though it fails nothing (case 34)', async () => {
    let answer: Promise<void> = Promise.resolve();
    await using story = new Story({
      ports: ({ interceptRegistry: registry }) => ({
        interceptRegistry: anotherRegistry(registry, {
          read: (...args) => answer.then(() => registry.read(...args)),
          updateStatus: (...args) => answer.then(() => registry.updateStatus(...args)),
          delete: (...args) => answer.then(() => registry.delete(...args)),
        }),
      }),
    });
    await activated(story);

    let goOn = (): void => {};
    answer = new Promise((resolve) => {
      goOn = resolve;
    });
    // Lost some time after it was last heard, so that its lease ends twice while nothing answers.
    await story.pass(14_000);
    for (const name of ['ada', 'bob']) story.lose(name);
    await story.pass(18_000);
    goOn();
    await story.pass(5_000);
    expect(await story.phase('first')).toBe('interrupted');
    story.connect('ada');
    await story.pass(20_000, 'ada');

    expect(await story.phase('first')).toBe('active');
    expect(await story.phase('second')).toBe('gone');
  });

  it('frees nothing of another session that took the name over', async () => {
    let isDeaf = false;
    await using story = new Story({
      ports: ({ interceptRegistry: registry }) => ({
        interceptRegistry: anotherRegistry(registry, {
          // What happens is told late, as when a watch has to begin anew.
          watch: async function* (...args) {
            for await (const change of registry.watch(...args)) if (!isDeaf) yield change;
          },
        }),
      }),
    });
    await activated(story);
    isDeaf = true;
    await story.leave('first');
    story.lose('ada');

    await story.ask('first', { match: { headers: { 'x-user': 'bob' } } }, 'bob');
    await story.pass(20_000, 'bob');

    expect((await story.registry.read('shop', 'first'))?.session.label).toBe('bob');
  });
});

/** The registry, with some of its methods done otherwise. */
function anotherRegistry(registry: InterceptRegistry, changed: Partial<InterceptRegistry>): InterceptRegistry {
  return {
    create: (...args) => registry.create(...args),
    read: (...args) => registry.read(...args),
    list: (...args) => registry.list(...args),
    watch: (...args) => registry.watch(...args),
    updateStatus: (...args) => registry.updateStatus(...args),
    delete: (...args) => registry.delete(...args),
    ...changed,
  };
}

async function activated(story: Story): Promise<void> {
  await story.start();
  await story.deploy(cart());
  story.connect('ada');
  story.connect('bob');
  await story.ask('first', { match: { headers: { 'x-user': 'ada' } } }, 'ada');
  await story.ask('second', { match: { headers: { 'x-user': 'bob' } } }, 'bob');
  expect(await story.phase('first')).toBe('active');
  expect(await story.phase('second')).toBe('active');
}
