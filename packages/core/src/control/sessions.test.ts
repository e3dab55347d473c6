import { describe, expect, it } from 'vitest';
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
        interceptRegistry: {
          create: (...args) => registry.create(...args),
          read: (...args) => registry.read(...args),
          list: (...args) => registry.list(...args),
          watch: (...args) => registry.watch(...args),
          updateStatus: (...args) => registry.updateStatus(...args),
          delete: (...args) => (broken ? Promise.reject(new Error('no answer')) : registry.delete(...args)),
        },
      }),
    });
    await activated(story);
    await story.pass(15_000, 'bob');
    expect(await story.phase('first')).toBe('active');

    broken = false;
    await story.pass(5_000, 'bob');

    expect(await story.phase('first')).toBe('gone');
  });
});

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
