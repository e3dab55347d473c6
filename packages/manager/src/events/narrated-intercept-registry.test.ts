import {
  type InterceptDraft,
  type InterceptStatus,
  ManualClock,
  MemoryInterceptRegistry,
  type SelectedConnection,
} from '@fairlead/core';
import { describeInterceptRegistry } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { NarratedInterceptRegistry } from './narrated-intercept-registry.ts';
import type { WorkloadEvent } from './workload-event.ts';

const cart = { namespace: 'shop', kind: 'Deployment', name: 'cart' } as const;
const draft: InterceptDraft = {
  namespace: 'shop',
  name: 'first',
  spec: { mode: 'intercept', workload: cart, ports: [], match: { headers: { 'x-user': 'ada' } } },
  session: { id: 's1', fingerprint: 'f', label: 'ada@laptop' },
};
const since = '2026-01-01T00:00:00.000Z';
const connections = [{ servicePortName: 'http', servicePort: 80, containerPort: 8080 }] as SelectedConnection[];

interface Told {
  readonly registry: NarratedInterceptRegistry;
  readonly clock: ManualClock;
  readonly events: WorkloadEvent[];
  update(status: Omit<InterceptStatus, 'since'>): Promise<void>;
}

function narrated(): Told {
  const clock = new ManualClock();
  const events: WorkloadEvent[] = [];
  const requesterOf = (): { user: string; groups: string[] } => ({ user: 'ada', groups: [] });
  const registry = new NarratedInterceptRegistry(new MemoryInterceptRegistry(clock, { requesterOf }), {
    record: (event) => void events.push(event),
  });
  const update = async (status: Omit<InterceptStatus, 'since'>): Promise<void> => {
    const { revision = '' } = (await registry.read('shop', 'first')) ?? {};
    await registry.updateStatus(draft, { ...status, since }, revision);
  };
  return { registry, clock, events, update };
}

describeInterceptRegistry('NarratedInterceptRegistry', {
  create: async () => {
    const clock = new ManualClock();
    const memory = new MemoryInterceptRegistry(clock);
    const registry = new NarratedInterceptRegistry(memory, { record: () => {} });
    return { registry, tick: () => clock.advance(1), async [Symbol.asyncDispose]() {} };
  },
});

describe('the events of a workload', () => {
  it('tell who takes what, once for each phase, and that it is over', async () => {
    const { registry, clock, events, update } = narrated();
    const stop = new AbortController();
    const watching = (async () => {
      for await (const _ of registry.watch('shop', { signal: stop.signal }));
    })();
    await registry.create(draft);
    await clock.advance(1);

    await update({ phase: 'planned', workload: cart, connections });
    await update({
      phase: 'rolling-out',
      workload: cart,
      connections,
      progress: { stage: 'rolling-out', done: 0, total: 2 },
    });
    await update({
      phase: 'rolling-out',
      workload: cart,
      connections,
      progress: { stage: 'rolling-out', done: 1, total: 2 },
    });
    await update({ phase: 'active', workload: cart, connections, replicas: { ready: 2, total: 2 } });
    await registry.delete('shop', 'first');
    await clock.advance(1);
    stop.abort();
    await watching;

    expect(events.map(({ workload, type, reason, message }) => [workload.name, type, reason, message])).toEqual([
      [
        'cart',
        'Normal',
        'InterceptPrepared',
        'traffic of port http that matches x-user=ada is being prepared for ada (ada@laptop) (intercept shop/first)',
      ],
      [
        'cart',
        'Normal',
        'AgentRollout',
        'pods are replaced by pods with a traffic-agent for intercept shop/first of ada (ada@laptop)',
      ],
      [
        'cart',
        'Normal',
        'InterceptActive',
        'traffic of port http that matches x-user=ada goes to ada (ada@laptop) (intercept shop/first, 2 of 2 pods)',
      ],
      [
        'cart',
        'Normal',
        'InterceptLeft',
        "intercept shop/first of ada (ada@laptop) has ended; all traffic is the app's",
      ],
    ]);
  });

  it('tell what stood in the way, on the workload that was meant', async () => {
    const { registry, events, update } = narrated();
    await registry.create(draft);

    await update({ phase: 'refused', error: { code: 'conflict', message: 'grace holds port http' } });

    expect(events).toEqual([
      {
        workload: cart,
        type: 'Warning',
        reason: 'InterceptRefused',
        message: 'intercept shop/first of ada (ada@laptop) was refused: grace holds port http',
      },
    ]);
  });

  it('do not tell again what the process before has told', async () => {
    const { registry, clock, events, update } = narrated();
    const stop = new AbortController();
    await registry.create(draft);
    await update({ phase: 'active', workload: cart, connections });
    const fresh: WorkloadEvent[] = [];
    const successor = new NarratedInterceptRegistry(registry, { record: (event) => void fresh.push(event) });
    const watching = (async () => {
      for await (const _ of successor.watch('shop', { signal: stop.signal }));
    })();
    await clock.advance(1);

    const { revision = '' } = (await successor.read('shop', 'first')) ?? {};
    await successor.updateStatus(draft, { phase: 'active', since, workload: cart }, revision);
    stop.abort();
    await watching;

    expect(events).toHaveLength(1);
    expect(fresh).toEqual([]);
  });
});
