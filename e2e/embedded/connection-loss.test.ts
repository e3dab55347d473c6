import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Intercept, type Session } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OneApp, startOneApp } from './one-app.ts';
import { until } from './until.ts';

let app: OneApp;

beforeAll(async () => {
  app = await startOneApp(2);
}, 60_000);
afterAll(async () => await app[Symbol.asyncDispose]());

type Handler = (request: Request) => Response | Promise<Response>;

const take = (session: Session, handler: Handler = () => new Response('mine')): Promise<Intercept> =>
  session.intercept({ workload: 'cart', match: { headers: { 'x-run': session.key } }, handler });

const isActive = (held: Intercept): Promise<unknown> =>
  until(
    async () => [held.phase, held.replicas.ready],
    ([phase, ready]) => phase === 'active' && ready === 2,
    15_000,
  );

describe('when a connection is lost', () => {
  it('idle intercepts and wiretaps are back without anybody’s doing (case 23)', async () => {
    await using session = await connect(app.adapter);
    await using held = await take(session);
    await using tap = await session.wiretap({ workload: 'cart' });
    const phases: string[] = [];
    held.events.on('phase', (phase) => phases.push(phase));

    for (const whose of ['sessions', 'agents'] as const) {
      phases.length = 0;
      app.adapter.dropTransport(whose);
      await until(
        async () => phases.at(-1),
        (phase) => phase === 'active',
        15_000,
      );
      expect(phases[0]).toBe('interrupted');
      await isActive(held);
      expect(await app.ask({ headers: { 'x-run': session.key } })).toBe('mine');
    }

    expect(await app.ask()).toMatch(/^cart-/);
    // What was on its way when the connections broke is not whole.
    let copied = await tap.next();
    while (copied.servedBy !== 'app' || !copied.response) copied = await tap.next();
    expect(copied.response.status).toBe(200);
  });

  it.each(['sessions', 'agents'] as const)(
    'a caller is told in bounded time when it hits %s, and later requests work (case 24)',
    async (whose) => {
      await using session = await connect(app.adapter);
      const arrived = { count: 0 };
      let answer = (): Response => new Response('mine');
      await using held = await take(session, async () => {
        arrived.count += 1;
        return answer();
      });
      const headers = { 'x-run': session.key };
      const body = (): ReadableStream => new ReadableStream({ start: (out) => out.enqueue(Buffer.from('half')) });
      answer = () => new Response(body());
      const reading = app.ask({ headers });
      await until(
        async () => arrived.count,
        (count) => count === 1,
        5_000,
      );
      // Accepted and never answered.
      await using slow = await session.intercept({
        workload: 'cart',
        match: { headers: { 'x-slow': session.key } },
        handler: () => {
          arrived.count += 1;
          return new Promise(() => {});
        },
      });
      const sending = app.ask({ headers: { 'x-slow': session.key }, method: 'POST' });
      await until(
        async () => arrived.count,
        (count) => count === 2,
        5_000,
      );
      // The first half of the answer is on its way.
      await pause(50);

      const lostAt = performance.now();
      app.adapter.dropTransport(whose);
      const outcomes = await Promise.all([sending, reading]);

      // A POST may have been acted upon, so nobody repeats it; an answer that has begun cannot become another one.
      expect(outcomes).toEqual(['502', 'cut']);
      expect(performance.now() - lostAt).toBeLessThan(5_000);
      answer = () => new Response('mine');
      await isActive(held);
      await isActive(slow);
      expect(await app.ask({ headers })).toBe('mine');
    },
  );

  it('an agent that falls silent while its socket stays open is given up, and taken back when it wakes (case 25)', async () => {
    await using session = await connect(app.adapter);
    await using held = await take(session);
    const pods = app.cluster.pods().map(({ name }) => name);

    for (const pod of pods) app.cluster.pauseAgent(pod);
    const silentAt = performance.now();
    await until(
      async () => held.phase,
      (phase) => phase === 'interrupted',
      25_000,
    );
    const tookMs = performance.now() - silentAt;
    for (const pod of pods) app.cluster.resumeAgent(pod);
    await isActive(held);

    // Every five seconds an agent is asked, and given up when nothing came for fifteen.
    expect(tookMs).toBeLessThan(21_000);
    expect(await app.ask({ headers: { 'x-run': session.key } })).toBe('mine');
    expect(app.cluster.pods().map(({ name }) => name)).toEqual(pods);
  }, 60_000);
});
