import { describe, expect, it } from 'vitest';
import { podNames, Story } from './testing/story.ts';

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
  });
});
