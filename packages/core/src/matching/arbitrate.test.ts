import { describe, expect, it } from 'vitest';
import type { Match } from '../model/match.ts';
import type { WorkloadKey } from '../model/workload.ts';
import { arbitrate } from './arbitrate.ts';
import { type Claim, orderRoutes } from './claim.ts';
import { mayUseMechanism } from './mechanism-right.ts';

const cart: WorkloadKey = { namespace: 'shop', kind: 'Deployment', name: 'cart' };
const http = { containerPort: 8080, protocol: 'TCP' } as const;

function aClaim(id: string, match?: Match, more: Partial<Claim> = {}): Claim {
  return {
    id,
    mode: 'intercept',
    ...(match && { match }),
    workload: cart,
    ports: [http],
    since: '2026-11-02T10:00:00Z',
    user: id,
    sessionId: `session-of-${id}`,
    sessionLabel: `${id}@laptop, pid 4711`,
    ...more,
  };
}

const user = (name: string): Match => ({ headers: { 'x-user': name } });

describe('arbitrate', () => {
  it('grants what nobody holds', () => {
    expect(arbitrate([], aClaim('ada'))).toBeUndefined();
  });

  it('gives the whole of a port to one intercept only', () => {
    expect(arbitrate([aClaim('ada')], aClaim('bob'))).toMatchObject({ code: 'conflict' });
    expect(arbitrate([aClaim('ada')], aClaim('bob', user('bob')))).toMatchObject({ code: 'conflict' });
    expect(arbitrate([aClaim('ada', user('ada'))], aClaim('bob'))).toMatchObject({ code: 'conflict' });
  });

  it('names the holder, since when, and how to free it', () => {
    const conflict = arbitrate([aClaim('ada')], aClaim('bob'));

    expect(conflict).toMatchObject({
      category: 'conflict',
      phase: 'arbitrate',
      message:
        'port 8080 of deployment/cart is held by ada (ada@laptop, pid 4711) since 2026-11-02T10:00:00Z: intercept ada takes all of its traffic',
      holder: { intercept: 'ada', user: 'ada', session: 'ada@laptop, pid 4711', since: '2026-11-02T10:00:00Z' },
    });
    expect(conflict?.hint).toContain('`fairlead leave ada`');
  });

  it('tells a session when it stands in its own way', () => {
    const conflict = arbitrate(
      [aClaim('one', undefined, { sessionId: 's' })],
      aClaim('two', undefined, { sessionId: 's' }),
    );

    expect(conflict?.message).toContain('is held by this session');
    expect(conflict?.hint).toBe('Run `fairlead leave one`.');
  });

  it('lets personal intercepts share a port unless one covers the other', () => {
    const wide = aClaim('ada', user('ada'));
    const narrow = aClaim('bob', { ...user('ada'), path: '/x' });

    expect(arbitrate([wide], aClaim('bob', user('bob')))).toBeUndefined();
    expect(arbitrate([wide], aClaim('bob', { path: '/x' }))).toBeUndefined();
    expect(arbitrate([wide], narrow)?.message).toMatch(/intercept ada takes every request that is asked for$/);
    expect(arbitrate([narrow], wide)?.message).toMatch(/intercept bob takes only requests that are asked for$/);
    expect(arbitrate([wide], aClaim('bob', { headers: { 'X-User': { exact: 'ada' } } }))?.hint).toContain('give your');
  });

  it('minds only the same port of the same workload', () => {
    const held = aClaim('ada');

    for (const elsewhere of [
      { workload: { ...cart, name: 'orders' } },
      { workload: { ...cart, kind: 'StatefulSet' } as const },
      { workload: { ...cart, namespace: 'test' } },
      { ports: [{ containerPort: 8081, protocol: 'TCP' } as const] },
      { ports: [{ containerPort: 8080, protocol: 'UDP' } as const] },
      { ports: [] },
    ])
      expect(arbitrate([held], aClaim('bob', undefined, elsewhere))).toBeUndefined();
    const also = { ports: [{ containerPort: 9090, protocol: 'TCP' } as const, http] };
    expect(arbitrate([held], aClaim('bob', undefined, also))?.message).toContain('port 8080');
  });

  it('lets wiretaps be, on either side', () => {
    const tap = aClaim('tap', undefined, { mode: 'wiretap' });

    expect(arbitrate([tap], aClaim('ada'))).toBeUndefined();
    expect(arbitrate([aClaim('ada')], tap)).toBeUndefined();
  });

  it('does not let a claim stand in its own way', () => {
    expect(arbitrate([aClaim('ada')], aClaim('ada', user('ada')))).toBeUndefined();
  });

  it('names the oldest of several holders, however their times are written', () => {
    const young = aClaim('a-young', user('a'), { since: '2026-11-02T11:00:00.000Z' });
    const old = aClaim('b-old', user('b'), { since: '2026-11-02T11:30:00+01:00' });

    expect(arbitrate([young, old], aClaim('carl'))?.holder?.intercept).toBe('b-old');
  });
});

describe('orderRoutes', () => {
  it('puts more terms first, then the older, then the lower id', () => {
    const specific = aClaim('z', { ...user('ada'), path: '/x' }, { since: '2026-11-02T12:00:00Z' });
    const old = aClaim('y', user('bob'), { since: '2026-11-02T09:00:00Z' });
    const twins = [aClaim('a', user('a')), aClaim('b', user('b'))];
    const whole = aClaim('w', undefined, { since: '2026-01-01T00:00:00Z' });
    const undated = aClaim('c', user('c'), { since: 'whenever' });
    const claims = [whole, undated, ...twins, old, specific];

    expect(orderRoutes(claims).map(({ id }) => id)).toEqual(['z', 'y', 'a', 'b', 'c', 'w']);
    expect(orderRoutes(claims.toReversed())).toEqual(orderRoutes(claims));
  });
});

describe('mayUseMechanism', () => {
  it('gives callers without an established identity tcp only', () => {
    const ada = { user: 'ada', groups: [] };

    expect(mayUseMechanism(ada, 'http')).toEqual({ allowed: true });
    expect(mayUseMechanism(undefined, 'tcp')).toEqual({ allowed: true });
    expect(mayUseMechanism(undefined, 'http')).toMatchObject({ allowed: false });
  });
});
