import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, sampleConfig, sampleWorkload } from '../conformance/samples.ts';
import type { SerializedError } from '../errors.ts';
import { adoptIntercept } from './adopt-intercept.ts';
import {
  type InterceptPlan,
  type InterceptState,
  isEnded,
  isPreparing,
  isServed,
  type Replicas,
} from './intercept-state.ts';
import { type InterceptEffect, type InterceptEvent, type Observation, reduceIntercept } from './reduce-intercept.ts';
import { statusOf } from './status-of.ts';

const limits = { agentArrivalMs: 60_000, patienceMs: 10_000 };
const plan: InterceptPlan = {
  workload: keyOf(sampleWorkload()),
  connections: sampleConfig().containers.flatMap(({ name, intercepts }) =>
    intercepts.map((connection) => ({ ...connection, container: name })),
  ),
};
const pull: SerializedError = { code: 'agent-not-ready', message: 'image-pull: no such image' };
const rolledOut: InterceptEvent = { type: 'rolled-out', replicas: { arrived: 0, acked: 0, total: 1 } };
const requested: InterceptState = { phase: 'requested', since: 0 };

describe('reduceIntercept', () => {
  it('goes from requested over a rollout to active, and tells what to do on the way', () => {
    const story = run([
      [{ type: 'planned', plan }, 1],
      [{ type: 'stored' }, 2],
      [{ type: 'rolling-out', done: 0, total: 2 }, 3],
      [{ type: 'rolling-out', done: 1, total: 2 }, 4],
      [rolledOut, 5],
      [seen({ arrived: 1, acked: 0, total: 2 }), 6],
      [seen({ arrived: 2, acked: 0, total: 2 }), 7],
      [seen({ arrived: 2, acked: 2, total: 2 }), 8],
    ]);

    expect(story.map(({ state }) => state.phase)).toEqual([
      'planned',
      'planned',
      'rolling-out',
      'rolling-out',
      'waiting',
      'waiting',
      'waiting',
      'active',
    ]);
    expect(story.map(({ effects }) => effects.join())).toEqual([
      'report,prepare',
      'report',
      'report',
      'report',
      'report',
      'report',
      'report,assign',
      'report',
    ]);
    expect(story.at(-1)?.state.since).toBe(8);
  });

  it('needs no rollout when the pods are right', () => {
    expect(phaseAfter([{ type: 'planned', plan }, { type: 'stored' }, rolledOut])).toBe('waiting');
  });

  it('does not tell the agents before the session is there', () => {
    const waiting = stateAfter(prepared);
    const absent = reduceIntercept(waiting, seen({ arrived: 1, acked: 0, total: 1 }, { sessionUp: false }), 5, limits);
    expect(absent.effects).not.toContain('assign');

    const present = reduceIntercept(absent.state, seen({ arrived: 1, acked: 0, total: 1 }), 6, limits);

    expect(present.effects).toContain('assign');
  });

  it('is interrupted when an agent or the session goes, and active again when it is back', () => {
    const active = stateAfter(activated);
    expect(active.phase).toBe('active');

    const withoutAgent = reduceIntercept(active, seen({ arrived: 1, acked: 1, total: 2 }), 20, limits);
    expect(withoutAgent.state).toMatchObject({ phase: 'interrupted', error: { code: 'agent-not-ready' } });
    const withoutSession = reduceIntercept(active, seen(full, { sessionUp: false }), 21, limits);
    expect(withoutSession.state).toMatchObject({ phase: 'interrupted', error: { code: 'connection-lost' } });

    const back = reduceIntercept(withoutSession.state, seen(full), 22, limits);
    expect(back).toMatchObject({ state: { phase: 'active', since: 22 }, effects: ['report'] });
  });

  it('stays active when the workload shrinks or grows with its agents', () => {
    const active = stateAfter(activated);

    for (const total of [1, 5]) {
      const { state, effects } = reduceIntercept(active, seen({ arrived: total, acked: total, total }), 20, limits);
      expect(state).toMatchObject({ phase: 'active', since: active.since, replicas: { acked: total, total } });
      expect(effects).toEqual(['report']);
    }
  });

  it('is not active without any pod', () => {
    const none = { arrived: 0, acked: 0, total: 0 };

    expect(reduceIntercept(stateAfter(activated), seen(none), 20, limits).state).toMatchObject({
      phase: 'interrupted',
      error: { message: 'the workload has no ready pod' },
    });
  });

  it('says nothing new where nothing is new', () => {
    const active = stateAfter(activated);

    expect(reduceIntercept(active, seen(full), 99, limits)).toEqual({ state: active, effects: [] });
  });

  it('fails when agents do not arrive in time, with the cause that was seen', () => {
    const waiting = stateAfter(prepared, 100);
    const late = seen({ arrived: 1, acked: 0, total: 3 }, { problem: { error: pull, decisive: false } });
    expect(reduceIntercept(waiting, late, 60_099, limits).state.phase).toBe('waiting');

    const { state, effects } = reduceIntercept(waiting, late, 60_100, limits);

    expect(state).toMatchObject({ phase: 'failed', error: pull });
    expect(effects).toEqual(['report', 'take-back']);
  });

  it('counts what is missing when no cause is known', () => {
    const waiting = stateAfter(prepared);

    const { state } = reduceIntercept(waiting, seen({ arrived: 1, acked: 0, total: 3 }), 99_000, limits);

    expect(state).toMatchObject({
      phase: 'failed',
      error: { code: 'agent-not-ready', message: '2 of 3 ready pods have no connected traffic-agent' },
    });
  });

  it('does not blame the agents when only the session is missing', () => {
    const waiting = stateAfter(prepared);

    const { state } = reduceIntercept(
      waiting,
      seen({ arrived: 3, acked: 0, total: 3 }, { sessionUp: false }),
      99_000,
      limits,
    );

    expect(state.phase).toBe('waiting');
  });

  it('gives agents their time to acknowledge from when they were told, and then fails', () => {
    const told = reduceIntercept(stateAfter(prepared), seen({ arrived: 1, acked: 0, total: 1 }), 50_000, limits).state;
    const silent = seen({ arrived: 1, acked: 0, total: 1 });
    expect(reduceIntercept(told, silent, 109_999, limits).state.phase).toBe('waiting');

    const { state, effects } = reduceIntercept(told, silent, 110_000, limits);

    expect(state).toMatchObject({
      phase: 'failed',
      error: { message: '1 of 1 traffic-agents have not acknowledged' },
    });
    expect(effects).toEqual(['report', 'assign']);
  });

  it.each([
    [
      'while it rolls out',
      [
        { type: 'planned', plan },
        { type: 'rolling-out', done: 0, total: 1 },
      ] as InterceptEvent[],
    ],
    ['while it waits', [{ type: 'planned', plan }, { type: 'stored' }, rolledOut] as InterceptEvent[]],
  ])('fails early for a decisive cause that persists %s', (_when, events) => {
    const trouble = seen({ arrived: 0, acked: 0, total: 1 }, { problem: { error: pull, decisive: true } });
    const calm = seen({ arrived: 0, acked: 0, total: 1 });
    let state = stateAfter(events);
    state = reduceIntercept(state, trouble, 1_000, limits).state;
    state = reduceIntercept(state, calm, 5_000, limits).state;
    state = reduceIntercept(state, trouble, 6_000, limits).state;
    state = reduceIntercept(state, trouble, 15_999, limits).state;
    expect(isPreparing(state)).toBe(true);

    const end = reduceIntercept(state, trouble, 16_000, limits);

    expect(end).toMatchObject({ state: { phase: 'failed', error: pull }, effects: ['report', 'take-back'] });
  });

  it('takes a new plan over without losing its place, and tells the agents', () => {
    const active = stateAfter(activated);
    const moved = { ...plan, connections: plan.connections.map((each) => ({ ...each, agentPort: 9901 })) };

    const { state, effects } = reduceIntercept(active, { type: 'replanned', plan: moved }, 30, limits);

    expect(state).toEqual({ ...active, plan: moved });
    expect(effects).toEqual(['report', 'assign']);
    expect(reduceIntercept(state, { type: 'replanned', plan: moved }, 31, limits).effects).toEqual([]);
  });

  it('can be refused until it is granted for good, not later', () => {
    const refusal: InterceptEvent = { type: 'refused', error: { code: 'conflict', message: 'held by bob' } };

    expect(reduceIntercept(requested, refusal, 1, limits)).toMatchObject({
      state: { phase: 'refused' },
      effects: ['report'],
    });
    expect(reduceIntercept(stateAfter(activated), refusal, 1, limits).state.phase).toBe('active');
  });

  it.each([
    ['before it was planned', [], []],
    ['while it is prepared', [{ type: 'planned', plan }] as InterceptEvent[], ['take-back']],
  ])('undoes what its release leaves %s', (_when, events, effects) => {
    expect(reduceIntercept(stateAfter(events), { type: 'released' }, 9, limits)).toEqual({
      state: { phase: 'released', since: 9 },
      effects,
    });
  });

  it('has agents forget it when it is released, and leaves the agents where they are', () => {
    expect(reduceIntercept(stateAfter(activated), { type: 'released' }, 9, limits).effects).toEqual(['assign']);
  });

  it('never leaves an end', () => {
    fc.assert(
      fc.property(anyEnded, fc.array(anyEvent), (end, events) => {
        expect(events.reduce((state, event) => reduceIntercept(state, event, 1_000, limits).state, end)).toEqual(end);
      }),
    );
  });

  it('is never active without every acknowledgement and the session, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, fc.nat(200_000)), { maxLength: 60 }), (events) => {
        let state: InterceptState = initial();
        for (const [event, now] of events) {
          const before = state.phase;
          const { state: next, effects } = reduceIntercept(state, event, now, limits);
          if (next.phase === 'active') {
            expect(next.replicas.acked).toBe(next.replicas.total);
            expect(next.replicas.total).toBeGreaterThan(0);
            if (before !== 'active') {
              expect(event).toMatchObject({ type: 'observed', observation: { sessionUp: true } });
            }
          }
          if (statusText(next) !== statusText(state) && next.phase !== 'released') expect(effects).toContain('report');
          if (isServed(next) !== isServed(state)) expect(effects).toContain('assign');
          state = next;
        }
      }),
    );
  });

  it('leaves nothing that was stored behind when a preparation ends without agents', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, fc.nat(200_000)), { maxLength: 60 }), (events) => {
        let state: InterceptState = initial();
        for (const [event, now] of events) {
          const { state: next, effects } = reduceIntercept(state, event, now, limits);
          if (isPreparing(state) && isEnded(next) && next.phase !== 'refused') expect(effects).toContain('take-back');
          state = next;
        }
      }),
    );
  });
});

describe('adoptIntercept', () => {
  it('does not believe that an intercept is active before it is seen', () => {
    const active = stateAfter(activated);

    const adopted = adoptIntercept(statusOf(active), 500, limits);

    expect(adopted).toMatchObject({ phase: 'interrupted', plan, since: 500 });
    expect(reduceIntercept(adopted, seen(full), 501, limits).state.phase).toBe('active');
  });

  it('begins a preparation anew that was cut short', () => {
    for (const events of [
      [],
      [{ type: 'planned', plan }],
      [
        { type: 'planned', plan },
        { type: 'rolling-out', done: 1, total: 2 },
      ],
    ]) {
      expect(adoptIntercept(statusOf(stateAfter(events as InterceptEvent[])), 500, limits).phase).toBe('requested');
    }
  });

  it('gives agents their time anew', () => {
    expect(adoptIntercept(statusOf(stateAfter(prepared)), 500, limits)).toMatchObject({
      phase: 'waiting',
      engaged: false,
      deadline: 60_500,
    });
  });

  it('keeps an end', () => {
    fc.assert(
      fc.property(anyEnded, (end) => {
        expect(adoptIntercept(statusOf(end), 500, limits)).toEqual(end);
      }),
    );
  });

  it('starts from the beginning where the status does not tell what was planned', () => {
    for (const phase of ['active', 'waiting', 'interrupted'] as const) {
      expect(adoptIntercept({ phase, since: 'garbled' }, 500, limits)).toEqual({ phase: 'requested', since: 500 });
    }
    expect(adoptIntercept({ phase: 'failed', since: 'garbled' }, 500, limits)).toMatchObject({
      phase: 'failed',
      error: { code: 'internal' },
    });
  });
});

describe('statusOf', () => {
  it('tells how far a preparation is', () => {
    const progress = (events: readonly InterceptEvent[]): string => {
      const { stage, done, total } = statusOf(stateAfter(events)).progress ?? { stage: '', done: 0, total: 0 };
      return `${stage} ${done}/${total}`;
    };

    expect(progress([{ type: 'planned', plan }])).toBe('planned 1/1');
    expect(progress([{ type: 'planned', plan }, { type: 'stored' }])).toBe('stored 1/1');
    expect(
      progress([
        { type: 'planned', plan },
        { type: 'rolling-out', done: 2, total: 3 },
      ]),
    ).toBe('rolling-out 2/3');
    expect(progress([...prepared, seen({ arrived: 2, acked: 0, total: 3 })])).toBe('agents 2/3');
  });

  it('tells workload, connections and replicas', () => {
    expect(statusOf(stateAfter(activated))).toEqual({
      phase: 'active',
      since: '1970-01-01T00:00:00.000Z',
      workload: plan.workload,
      connections: plan.connections,
      replicas: { ready: 2, total: 2 },
    });
  });
});

const full: Replicas = { arrived: 2, acked: 2, total: 2 };

function seen(replicas: Replicas, more: Partial<Observation> = {}): InterceptEvent {
  return { type: 'observed', observation: { sessionUp: true, replicas, ...more } };
}

const prepared: readonly InterceptEvent[] = [{ type: 'planned', plan }, { type: 'stored' }, rolledOut];
const activated: readonly InterceptEvent[] = [...prepared, seen({ ...full, acked: 0 }), seen(full)];

function stateAfter(events: readonly InterceptEvent[], now = 0): InterceptState {
  return events.reduce((state, event) => reduceIntercept(state, event, now, limits).state, requested);
}

function initial(): InterceptState {
  return requested;
}

function phaseAfter(events: readonly InterceptEvent[]): string {
  return stateAfter(events).phase;
}

function run(
  events: readonly (readonly [InterceptEvent, number])[],
): { state: InterceptState; effects: readonly InterceptEffect[] }[] {
  let state: InterceptState = initial();
  return events.map(([event, now]) => {
    const transition = reduceIntercept(state, event, now, limits);
    state = transition.state;
    return { ...transition };
  });
}

function statusText(state: InterceptState): string {
  return JSON.stringify(statusOf(state));
}

const anyReplicas = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(3))
  .map((counts) => counts.sort((a, b) => a - b) as [number, number, number])
  .map(([acked, arrived, total]) => ({ acked, arrived, total }));
const anyError = fc.constantFrom<SerializedError>(pull, { code: 'conflict', message: 'held by bob' });
const anyEvent: fc.Arbitrary<InterceptEvent> = fc.oneof(
  fc.constant<InterceptEvent>({ type: 'planned', plan }),
  fc.constantFrom(9900, 9901).map(
    (agentPort): InterceptEvent => ({
      type: 'replanned',
      plan: { ...plan, connections: plan.connections.map((each) => ({ ...each, agentPort })) },
    }),
  ),
  fc.constant<InterceptEvent>({ type: 'stored' }),
  fc.record({ type: fc.constant('rolling-out' as const), done: fc.nat(3), total: fc.constant(3) }),
  anyReplicas.map((replicas): InterceptEvent => ({ type: 'rolled-out', replicas })),
  fc
    .record(
      {
        sessionUp: fc.boolean(),
        replicas: anyReplicas,
        problem: fc.record({ error: anyError, decisive: fc.boolean() }),
      },
      { requiredKeys: ['sessionUp', 'replicas'] },
    )
    .map((observation): InterceptEvent => ({ type: 'observed', observation })),
  anyError.map((error): InterceptEvent => ({ type: 'refused', error })),
  anyError.map((error): InterceptEvent => ({ type: 'failed', error })),
  fc.constant<InterceptEvent>({ type: 'released' }),
);
const anyEnded: fc.Arbitrary<InterceptState> = fc.oneof(
  fc.constant<InterceptState>({ phase: 'released', since: 5 }),
  anyError.map((error): InterceptState => ({ phase: 'refused', since: 5, error })),
  anyError.map((error): InterceptState => ({ phase: 'failed', since: 5, error, plan })),
);
