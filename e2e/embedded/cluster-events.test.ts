import { connect, type Intercept } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OneApp, startOneApp } from './one-app.ts';
import { until } from './until.ts';

const workload = { namespace: 'default', kind: 'Deployment', name: 'cart' } as const;
let app: OneApp;

beforeAll(async () => {
  app = await startOneApp(3);
}, 60_000);
afterAll(async () => await app[Symbol.asyncDispose]());

const isActiveOn = (held: Intercept, pods: number): Promise<unknown> =>
  until(
    async () => [held.phase, held.replicas.ready, held.replicas.total],
    ([phase, ready, total]) => phase === 'active' && ready === pods && total === pods,
    20_000,
  );

/** Enough requests for every pod to get some. */
const askAll = (headers: Record<string, string>): Promise<string[]> =>
  Promise.all(Array.from({ length: 9 }, () => app.ask({ headers })));

describe('an intercept', () => {
  it('stays on every replica that is left or comes, and all of them divert (case 31)', async () => {
    await using session = await connect(app.adapter);
    await using held = await session.intercept({
      workload: 'cart',
      match: { headers: { 'x-run': session.key } },
      handler: (_request, { pod }) => new Response(`mine on ${pod}`),
    });
    const headers = { 'x-run': session.key };

    await app.cluster.scale(workload, 2);
    await isActiveOn(held, 2);
    const onTwo = new Set(await askAll(headers));
    await app.cluster.scale(workload, 3);
    await isActiveOn(held, 3);
    const onThree = new Set(await askAll(headers));

    expect(onTwo.size).toBe(2);
    expect(onThree.size).toBe(3);
    expect([...onTwo, ...onThree].every((answer) => answer.startsWith('mine on cart-'))).toBe(true);
  });

  it('comes back when its pods were killed, rolled, or scaled to none and up again (case 30)', async () => {
    await app.cluster.scale(workload, 2);
    await using session = await connect(app.adapter);
    await using held = await session.intercept({ workload: 'cart', handler: () => new Response('mine') });
    const phases: string[] = [];
    held.events.on('phase', (phase) => phases.push(phase));
    const pods = () => app.cluster.pods().filter(({ deleting }) => !deleting);

    for (const { name } of pods()) await app.cluster.killPod(name);
    await isActiveOn(held, 2);
    expect(await app.ask()).toBe('mine');

    for (const { uid } of pods()) await app.cluster.replacePod(workload, uid, 'surge', {});
    await isActiveOn(held, 2);
    expect(await app.ask()).toBe('mine');

    await app.cluster.scale(workload, 0);
    await until(
      async () => held.phase,
      (phase) => phase === 'interrupted',
      10_000,
    );
    await app.cluster.scale(workload, 1);
    await isActiveOn(held, 1);
    expect(await app.ask()).toBe('mine');

    expect(phases.filter((phase) => phase !== 'interrupted' && phase !== 'active')).toEqual([]);
    expect(pods().every(({ configHash }) => configHash !== undefined)).toBe(true);
  });
});
