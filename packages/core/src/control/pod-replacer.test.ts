import { describe, expect, it } from 'vitest';
import { samplePod, sampleWorkload } from '../conformance/samples.ts';
import type { FairleadError } from '../errors.ts';
import { ManualClock } from '../memory/manual-clock.ts';
import type { Pod } from '../model/pod.ts';
import { PodReplacer } from './pod-replacer.ts';

const cart = sampleWorkload();
const [first, second] = [samplePod({ name: 'first' }), samplePod({ name: 'second' })];

describe('PodReplacer', () => {
  it('starts nothing that nobody asked for', () => {
    const { replacer, rollouts } = aReplacer();

    expect(replacer.advance(cart, [first])).toEqual({ kind: 'idle' });
    expect(rollouts).toEqual([]);
  });

  it('is done at once when no pod differs, or the workload is gone', () => {
    for (const [workload, outdated] of [
      [cart, []],
      [undefined, [first]],
    ] as const) {
      const { replacer, rollouts } = aReplacer();
      replacer.request();

      expect(replacer.advance(workload, outdated)).toEqual({ kind: 'done' });
      expect(replacer.isBusy).toBe(false);
      expect(rollouts).toEqual([]);
    }
  });

  it('does not take a pod for outdated that it has just replaced and still sees', async () => {
    const { replacer, rollouts, end } = aReplacer();
    replacer.request();
    expect(replacer.advance(cart, [first])).toEqual({ kind: 'running', done: 0, total: 1 });

    await end();
    expect(replacer.noteEnd()).toBe(true);

    expect(replacer.advance(cart, [first])).toEqual({ kind: 'done' });
    expect(rollouts).toEqual([['first']]);
  });

  it('replaces once more what came up wrong, and then names the injector', async () => {
    const { replacer, rollouts, end } = aReplacer();
    replacer.request();
    replacer.advance(cart, [first]);
    await end();
    replacer.noteEnd();
    replacer.advance(cart, [second]);
    await end();
    replacer.noteEnd();

    expect(replacer.advance(cart, [samplePod({ name: 'third' })])).toMatchObject({
      kind: 'failed',
      error: { code: 'agent-not-ready', message: expect.stringContaining('third') },
    });
    expect(rollouts).toEqual([['first'], ['second']]);
  });

  it('tells the outcome only after pods were read anew', async () => {
    const { replacer, end } = aReplacer();
    replacer.request();
    replacer.advance(cart, [first]);

    await end();

    expect(replacer.advance(cart, [])).toMatchObject({ kind: 'running' });
    expect(replacer.noteEnd()).toBe(true);
    expect(replacer.noteEnd()).toBe(false);
    expect(replacer.advance(cart, [])).toEqual({ kind: 'done' });
  });

  it('waits before it tries again, longer each time, and gives up in the end', async () => {
    const { replacer, clock } = aReplacer();
    const pauses: number[] = [];
    replacer.request();

    while (replacer.retryLater()) pauses.push((replacer.retryAt ?? 0) - clock.now());

    expect(pauses).toEqual([5_000, 10_000, 20_000]);
    expect(replacer.advance(cart, [first])).toEqual({ kind: 'idle' });
    await clock.advance(20_000);
    expect(replacer.advance(cart, [first])).toMatchObject({ kind: 'running' });
    await replacer[Symbol.asyncDispose]();
  });

  it('stops what is under way, and leaves no timer', async () => {
    const { replacer, clock } = aReplacer();
    replacer.request();
    replacer.advance(cart, [first]);

    await replacer.abort();

    expect(replacer.isBusy).toBe(false);
    expect(replacer.advance(cart, [first])).toEqual({ kind: 'idle' });
    expect(clock.pending).toBe(0);
  });
});

function aReplacer(): {
  replacer: PodReplacer;
  clock: ManualClock;
  rollouts: string[][];
  end: (error?: FairleadError) => Promise<void>;
} {
  const clock = new ManualClock();
  const rollouts: string[][] = [];
  let finish = (_error?: FairleadError): void => {};
  const replacer = new PodReplacer({
    clock,
    patienceMs: 300_000,
    onChange: () => {},
    rollout: {
      strategyFor: () => ({ strategy: 'surge', reason: 'as told' }),
      replace: (_workload, pods: readonly Pod[], options) => {
        rollouts.push(pods.map((pod) => pod.name));
        return new Promise((resolve, reject) => {
          finish = (error) => (error ? reject(error) : resolve());
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
        });
      },
    },
  });
  const end = async (error?: FairleadError): Promise<void> => {
    finish(error);
    await clock.advance(0);
  };
  return { replacer, clock, rollouts, end };
}
