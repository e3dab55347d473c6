import { describe, expect, it } from 'vitest';
import type { Pod } from '../model/pod.ts';
import type { Workload } from '../model/workload.ts';
import type { Rollout } from '../ports/rollout.ts';
import { type Exemptions, keeps } from './keeps.ts';

/** A rollout to be proven, with a workload of three ready pods that carry no agent. */
export interface RolloutUnderTest extends AsyncDisposable {
  readonly rollout: Rollout;
  readonly workload: Workload;
  /** The workload's pods as they are now, dying ones left out. */
  pods(): Promise<readonly Pod[]>;
  /** The workload object as the cluster holds it now: its spec and generation. */
  spec(): Promise<unknown>;
  /** From now on new pods of the workload get this config hash. */
  wantHash(hash: string): Promise<void>;
  /** From now on new pods of the workload do not become ready, for a decisive cause. */
  breakNewPods(): Promise<void>;
}

/** How a rollout is made. */
export interface RolloutSetup {
  /** A fresh rollout and its workload; disposing takes down whatever was put up for it. */
  create(): Promise<RolloutUnderTest>;
  /** `spec`: the strategy edits the workload. `exactly`: it cannot choose pods. `failure`: it does not look at them. */
  readonly exempt?: Exemptions<'spec' | 'exactly' | 'failure'>;
}

/** The promises that every {@link Rollout} keeps. */
export function describeRollout(name: string, setup: RolloutSetup): void {
  describe(`${name} is a Rollout`, () => {
    it('names its strategy for a workload, with the reason', async () => {
      await using made = await setup.create();

      const { strategy, reason } = made.rollout.strategyFor(made.workload);

      expect(['surge', 'evict', 'restart', 'none']).toContain(strategy);
      expect(reason).toMatch(/\S/);
    });

    it('does nothing without pods', async () => {
      await using made = await setup.create();
      const before = uids(await made.pods());

      await made.rollout.replace(made.workload, []);

      expect(uids(await made.pods())).toEqual(before);
    });

    it('replaces all pods that it is given; at the end their successors are ready', async () => {
      await using made = await setup.create();
      const before = await made.pods();
      await made.wantHash('hash-2');

      await made.rollout.replace(made.workload, before);

      const after = await made.pods();
      expect(after).toHaveLength(before.length);
      expect(after.every((pod) => pod.ready && pod.configHash === 'hash-2')).toBe(true);
      expect(uids(after).filter((pod) => uids(before).includes(pod))).toEqual([]);
    });

    keeps(setup.exempt, 'exactly', 'replaces exactly the pods that it is given', async () => {
      await using made = await setup.create();
      const [first, ...others] = await made.pods();
      await made.wantHash('hash-2');

      await made.rollout.replace(made.workload, [first as Pod]);

      const after = uids(await made.pods());
      expect(after).toHaveLength(others.length + 1);
      expect(after).toEqual(expect.arrayContaining([...uids(others)]));
      expect(after).not.toContain(first?.uid);
    });

    it('tells its progress after each pod', async () => {
      await using made = await setup.create();
      const told: (readonly [number, number])[] = [];

      await made.rollout.replace(made.workload, await made.pods(), {
        onProgress: (done, total) => told.push([done, total]),
      });

      expect(told.at(-1)).toEqual([3, 3]);
      expect(told).toEqual([...told].sort(([a], [b]) => a - b));
    });

    keeps(setup.exempt, 'spec', 'leaves the workload object as it is', async () => {
      await using made = await setup.create();
      const before = await made.spec();

      await made.rollout.replace(made.workload, await made.pods());

      expect(await made.spec()).toEqual(before);
    });

    it('replaces nothing for a signal that has aborted, and rejects with its reason', async () => {
      await using made = await setup.create();
      const before = await made.pods();
      const reason = new Error('not now');

      const replacing = made.rollout.replace(made.workload, before, { signal: AbortSignal.abort(reason) });

      await expect(replacing).rejects.toBe(reason);
      expect(uids(await made.pods())).toEqual(uids(before));
    });

    it('stops between pods when the signal aborts', async () => {
      await using made = await setup.create();
      const stop = new AbortController();
      const reason = new Error('enough');
      let done = 0;

      const replacing = made.rollout.replace(made.workload, await made.pods(), {
        signal: stop.signal,
        onProgress: (count) => {
          done = count;
          stop.abort(reason);
        },
      });

      await expect(replacing).rejects.toBe(reason);
      expect(done).toBe(1);
    });

    keeps(setup.exempt, 'failure', 'fails with the cause, and what is not yet replaced keeps serving', async () => {
      await using made = await setup.create();
      const before = await made.pods();
      await made.breakNewPods();

      const replacing = made.rollout.replace(made.workload, before);

      await expect(replacing).rejects.toMatchObject({ code: 'rollout-failed', message: expect.stringMatching(/\S/) });
      const serving = (await made.pods()).filter((pod) => pod.ready);
      expect(serving.length).toBeGreaterThanOrEqual(before.length - 1);
    });

    it('takes a pod that is gone as replaced', async () => {
      await using made = await setup.create();
      const before = await made.pods();
      await made.rollout.replace(made.workload, before);
      const after = uids(await made.pods());

      await made.rollout.replace(made.workload, before);

      expect(uids(await made.pods())).toEqual(after);
    });
  });
}

/** By uid: a successor may well have the name of the pod whose place it takes. */
function uids(pods: readonly Pod[]): readonly string[] {
  return pods.map((pod) => pod.uid).sort();
}
