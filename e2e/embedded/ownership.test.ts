import { connect, type Session } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OneApp, startOneApp } from './one-app.ts';

let app: OneApp;

beforeAll(async () => {
  app = await startOneApp(2);
}, 60_000);
afterAll(async () => await app[Symbol.asyncDispose]());

describe('of two holders', () => {
  it('each takes its own requests when their matches are disjoint, and only the rules of the one who leaves go (case 39)', async () => {
    await using ada = await connect(app.adapter, { label: 'ada' });
    const bob = await connect(app.adapter, { label: 'bob' });
    const mine = (session: Session, text: string) =>
      session.intercept({
        workload: 'cart',
        match: { headers: { 'x-run': session.key } },
        handler: () => new Response(text),
      });
    await using held = await mine(ada, 'to ada');
    await mine(bob, 'to bob');
    const askAs = (session: Session): Promise<string> => app.ask({ headers: { 'x-run': session.key } });
    expect([await askAs(ada), await askAs(bob)]).toEqual(['to ada', 'to bob']);
    const pods = app.cluster.pods().map(({ name }) => name);

    await bob[Symbol.asyncDispose]();

    expect(await askAs(bob)).toMatch(/^cart-/);
    expect([await askAs(ada), held.phase]).toEqual(['to ada', 'active']);
    expect((await ada.list()).map(({ name }) => name)).toEqual([held.name]);
    expect(app.cluster.pods().map(({ name }) => name)).toEqual(pods);
  });
});
