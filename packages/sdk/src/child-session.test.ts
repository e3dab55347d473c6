import { describe, expect, it } from 'vitest';
import { ask } from './testing/loopback.ts';
import { SessionLab } from './testing/session-lab.ts';

const mine = { workload: 'cart', handler: () => new Response('mine') };

describe('Session.child', () => {
  it('has a key of its own and holds what ends with it, over the connection of the session', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const kept = await session.intercept({ ...mine, name: 'kept' });
    const [one, two] = [session.child(), session.child()];
    const own = await one.intercept({ ...mine, name: 'own' });
    await two.wiretap({ workload: 'cart', name: 'look' });

    expect(new Set([session.key, one.key, two.key, one.child().key]).size).toBe(4);
    expect(one.explain({ url: '/' }).rules.map((rule) => rule.intercept)).toEqual(['own']);
    expect(
      await ask(lab.relay.divert('shop/own'), 'GET / HTTP/1.1\r\nHost: cart\r\nConnection: close\r\n\r\n'),
    ).toMatch(/mine$/);
    await one.close();

    expect([own.phase, kept.phase]).toEqual(['released', 'active']);
    expect((await session.list()).map(({ name }) => name).sort()).toEqual(['kept', 'look']);
    expect(lab.relay.dialled).toBe(1);
    await expect(one.intercept(mine)).rejects.toMatchObject({ code: 'closed' });
  });

  it('ends with the session, and takes back what it was still beginning', async () => {
    await using lab = await SessionLab.start();
    lab.script = () => [{ phase: 'waiting' }];
    const session = await lab.connect();
    const child = session.child();
    const outcome = expect(child.intercept(mine)).rejects.toMatchObject({ code: 'closed' });
    await expect.poll(async () => (await lab.registry.list('shop')).length).toBe(1);

    await child.close();
    await outcome;

    expect(await lab.registry.list('shop')).toEqual([]);
    const other = session.child();
    await session.close();
    expect(other.signal.aborted).toBe(true);
    await other.close();
  });
});
