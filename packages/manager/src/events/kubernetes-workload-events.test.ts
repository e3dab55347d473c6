import { FairleadError, ManualClock, MemoryMetrics, SilentLogger, type Workload } from '@fairlead/core';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { describe, expect, it } from 'vitest';
import { EventBudget } from './event-budget.ts';
import { KubernetesWorkloadEvents } from './kubernetes-workload-events.ts';

const workload = { namespace: 'shop', kind: 'Deployment', name: 'cart' } as const;
const event = { workload, type: 'Normal', reason: 'InterceptActive', message: 'goes to ada' } as const;

interface Recorder {
  readonly events: KubernetesWorkloadEvents;
  readonly written: KubernetesObject[];
  readonly metrics: MemoryMetrics;
}

function recorder(create?: () => Promise<never>): Recorder {
  const written: KubernetesObject[] = [];
  const metrics = new MemoryMetrics();
  const events = new KubernetesWorkloadEvents({
    events: {
      create: async (object) => {
        await create?.();
        written.push(object);
        return object;
      },
    },
    find: async (key) => ({ ...key, uid: `uid-of-${key.name}` }) as Workload,
    reporter: 'fairlead-manager-1',
    clock: new ManualClock({ startAt: Date.UTC(2026, 0, 2) }),
    logger: new SilentLogger(),
    metrics,
    limits: { burst: 3, everyMs: 1_000, workloads: 10 },
  });
  return { events, written, metrics };
}

describe('events on workloads', () => {
  it('are found by `kubectl describe`: by kind, name and uid', async () => {
    const { events, written } = recorder();

    events.record(event);
    await events.settled();

    expect(written).toMatchObject([
      {
        metadata: { namespace: 'shop', name: expect.stringMatching(/^cart\.[0-9a-f]+$/) },
        involvedObject: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          namespace: 'shop',
          name: 'cart',
          uid: 'uid-of-cart',
        },
        type: 'Normal',
        reason: 'InterceptActive',
        message: 'goes to ada',
        firstTimestamp: '2026-01-02T00:00:00Z',
        source: { component: 'fairlead' },
      },
    ]);
  });

  it('are not more than a workload may have; another workload has its own', async () => {
    const { events, written, metrics } = recorder();

    for (let time = 0; time < 9; time++) events.record(event);
    events.record({ ...event, workload: { ...workload, kind: 'StatefulSet' } });
    await events.settled();

    expect(written).toHaveLength(4);
    expect(metrics.value('fairlead_events_left_out_total')).toBe(6);
  });

  it('that cannot be written trouble nobody', async () => {
    const { events, written, metrics } = recorder(() => Promise.reject(new FairleadError('forbidden', 'no')));

    events.record(event);
    await events.settled();
    await events[Symbol.asyncDispose]();
    events.record(event);

    expect(written).toEqual([]);
    expect(metrics.value('fairlead_events_left_out_total')).toBe(2);
  });
});

describe('a budget of events', () => {
  it('is used up, comes back with time, and is never more than at first', async () => {
    const clock = new ManualClock();
    const budget = new EventBudget(clock, { burst: 2, everyMs: 100, workloads: 10 });
    const take = (): boolean[] => [budget.take('cart'), budget.take('cart'), budget.take('cart')];

    expect(take()).toEqual([true, true, false]);
    await clock.advance(150);
    expect(take()).toEqual([true, false, false]);
    await clock.advance(50);
    expect(take()).toEqual([true, false, false]);
    await clock.advance(100_000);
    expect(take()).toEqual([true, true, false]);
  });

  it('remembers only so many', () => {
    const budget = new EventBudget(new ManualClock(), { burst: 1, everyMs: 100, workloads: 2 });

    expect(['a', 'b', 'c', 'a'].map((name) => budget.take(name))).toEqual([true, true, true, true]);
    expect(['c', 'a'].map((name) => budget.take(name))).toEqual([false, false]);
  });
});
