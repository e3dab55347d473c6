import { ManualClock, SilentLogger } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { MemoryLeaseStore } from '../testing/memory-lease-store.ts';
import { LeaderElection, leaderElectionTimes } from './leader-election.ts';
import type { LeaseStore } from './lease-store.ts';

const { leaseMs, renewMs, lookMs, graceMs } = leaderElectionTimes;

interface Replica {
  /** How often it began to lead. */
  readonly terms: number;
  readonly isLeading: boolean;
  /** Asks it to end, as SIGTERM does. */
  stop(): Promise<void>;
  /** It is there no more: it can write nothing. */
  kill(): void;
}

function replica(identity: string, store: LeaseStore, clock: ManualClock): Replica {
  const stop = new AbortController();
  let isDead = false;
  const own: LeaseStore = {
    read: (options) => (isDead ? new Promise(() => {}) : store.read(options)),
    write: (...args) => (isDead ? new Promise(() => {}) : store.write(...args)),
  };
  const state = { terms: 0, isLeading: false };
  const election = new LeaderElection({ store: own, identity, clock, logger: new SilentLogger() });
  const running = election.run(
    async (signal) => {
      state.terms += 1;
      state.isLeading = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      state.isLeading = false;
    },
    { signal: stop.signal },
  );
  return {
    get terms() {
      return state.terms;
    },
    get isLeading() {
      return state.isLeading;
    },
    async stop() {
      stop.abort(new Error('SIGTERM'));
      await running;
    },
    kill: () => {
      isDead = true;
    },
  };
}

describe('of several replicas', () => {
  it('one leads, and goes on leading', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const replicas = ['a', 'b', 'c'].map((name) => replica(name, store, clock));

    for (let look = 0; look < 60; look++) {
      await clock.advance(lookMs);
      expect(replicas.filter(({ isLeading }) => isLeading)).toHaveLength(1);
    }

    expect(replicas.map(({ terms }) => terms)).toEqual([1, 0, 0]);
    expect(store.record).toMatchObject({ holder: 'a', durationSeconds: 7, transitions: 0 });
  });

  it('another one leads as soon as the leader says goodbye', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const [first, second] = [replica('a', store, clock), replica('b', store, clock)];
    await clock.advance(lookMs);

    await first.stop();
    expect(store.record?.holder).toBe('');
    await clock.advance(lookMs);

    expect([first.isLeading, second.isLeading]).toEqual([false, true]);
    expect(store.record).toMatchObject({ holder: 'b', transitions: 1 });
  });

  it('another one leads within ten seconds when the leader dies without a word, and no sooner than its lease ends', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const [first, second] = [replica('a', store, clock), replica('b', store, clock)];
    await clock.advance(10 * lookMs);

    first.kill();
    await clock.advance(leaseMs - renewMs - lookMs);
    expect(second.isLeading).toBe(false);
    await clock.advance(renewMs + 2 * lookMs);

    expect(second.isLeading).toBe(true);
    expect(leaseMs + renewMs + lookMs).toBeLessThan(10_000);
  });

  it('the one that died leads again at once when it is started anew under its name', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const first = replica('a', store, clock);
    await clock.advance(lookMs);
    first.kill();

    const again = replica('a', store, clock);
    await clock.advance(1);

    expect(again.isLeading).toBe(true);
    expect(store.record?.transitions).toBe(0);
  });
});

describe('a leader', () => {
  it('stops leading when somebody else has taken the lease, and may lead again later', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const first = replica('a', store, clock);
    await clock.advance(lookMs);

    const now = new Date(0).toISOString();
    store.put({ holder: 'rival', durationSeconds: 7, acquiredAt: now, renewedAt: now, transitions: 9 });
    await clock.advance(renewMs);
    expect(first.isLeading).toBe(false);
    await clock.advance(leaseMs + 2 * lookMs);

    expect([first.isLeading, first.terms]).toEqual([true, 2]);
    expect(store.record).toMatchObject({ holder: 'a', transitions: 10 });
  });

  it('confirms that it leads, without asking while its lease is fresh, and by renewing it when it is not', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const election = new LeaderElection({ store, identity: 'a', clock, logger: new SilentLogger() });
    const stop = new AbortController();
    await expect(election.confirm()).rejects.toMatchObject({ code: 'unreachable' });
    const lead = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const running = election.run(lead, stop);
    await clock.advance(lookMs);

    store.isUnreachable = true;
    await expect(election.confirm()).resolves.toBeUndefined();
    await clock.advance(leaseMs);
    await expect(election.confirm()).rejects.toMatchObject({ code: 'unreachable', message: 'nobody answers' });
    store.isUnreachable = false;
    await expect(election.confirm()).resolves.toBeUndefined();

    await clock.advance(renewMs);
    store.isUnreachable = true;
    await clock.advance(leaseMs);
    store.isUnreachable = false;
    const now = new Date(0).toISOString();
    store.put({ holder: 'rival', durationSeconds: 7, acquiredAt: now, renewedAt: now, transitions: 9 });
    await expect(election.confirm()).rejects.toMatchObject({ message: 'this replica does not lead' });
    stop.abort();
    await running;
  });

  it('goes on while nobody can be asked, but not for ever', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const first = replica('a', store, clock);
    await clock.advance(lookMs);

    store.isUnreachable = true;
    await clock.advance(graceMs - 2 * renewMs);
    expect([first.isLeading, first.terms]).toEqual([true, 1]);
    await clock.advance(4 * renewMs);
    expect(first.isLeading).toBe(false);

    store.isUnreachable = false;
    await clock.advance(lookMs);
    expect([first.isLeading, first.terms]).toEqual([true, 2]);
  });

  it('ends with the failure of what it does, and gives the lease up', async () => {
    const clock = new ManualClock();
    const store = new MemoryLeaseStore();
    const election = new LeaderElection({ store, identity: 'a', clock, logger: new SilentLogger() });

    const running = election.run(async () => Promise.reject(new Error('broken')), new AbortController());
    const ended = expect(running).rejects.toThrow('broken');
    await clock.advance(lookMs);

    await ended;
    expect(store.record?.holder).toBe('');
    expect(clock.pending).toBe(0);
  });
});
