import type { FromMissWatch, MissCounts } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import { describe, expect, it } from 'vitest';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { RelayFixture } from './testing/fixtures.ts';
import type { FakeAgent } from './testing/peers.ts';

/** Answers every question of the next watch with this count. */
async function answering(agent: FakeAgent, seen: number): Promise<void> {
  await expect.poll(() => agent.offered.length).toBeGreaterThan(0);
  const stream = agent.offered.shift()?.incoming.accept() as TunnelStream;
  stream.on('error', () => {});
  const counts: MissCounts = { seen, elsewhere: 0, missed: seen, nearest: [] };
  void (async () => {
    try {
      for await (const line of readJsonLines(stream)) {
        writeJsonLine(stream, { type: 'report', id: (line as { id: number }).id, counts } satisfies FromMissWatch);
      }
    } catch {
      // Closed with the wait.
    }
  })();
}

describe('A session that waits for requests', () => {
  it('is told by every agent of the workload what was seen, also by those that come later', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const first = await fixture.agent();
    const other = await fixture.agent({
      workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
      pod: { name: 'web-1', uid: 'web-1' },
    });
    const session = await fixture.session();
    const wait = session.open({ kind: 'misses', intercept: 'shop/price' });
    await wait.accepted;
    await answering(first, 1);
    const late = await fixture.agent({ pod: { name: 'cart-2', uid: 'uid-2' } });
    await answering(late, 2);

    writeJsonLine(wait, { type: 'report', id: 7 });
    const told: FromMissWatch[] = [];
    for await (const line of readJsonLines(wait)) if (told.push(line as FromMissWatch) === 3) break;

    expect(told[0]).toEqual({ type: 'asked', id: 7, agents: 2 });
    const seen = told.map((each) => (each.type === 'report' ? each.counts.seen : 0));
    expect(seen.reduce((sum, each) => sum + each)).toBe(3);
    expect(other.offered).toEqual([]);
  });

  it('is answered without the agents that refuse or leave, and lets go of them when it is over', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/price');
    const old = await fixture.agent();
    const good = await fixture.agent({ pod: { name: 'cart-2', uid: 'uid-2' } });
    const session = await fixture.session();
    const wait = session.open({ kind: 'misses', intercept: 'shop/price' });
    await wait.accepted;
    await expect.poll(() => old.offered.length).toBe(1);
    old.offered.shift()?.incoming.refuse('refused', 'not-found: this agent has no such port');
    await expect.poll(() => good.offered.length).toBe(1);
    const watch = good.offered[0]?.incoming.accept() as TunnelStream;
    watch.on('error', () => {}).resume();

    wait.destroy();

    await expect.poll(() => watch.destroyed).toBe(true);
  });

  it('cannot watch the intercept of another session, nor too many at once', async () => {
    await using fixture = new RelayFixture();
    fixture.own('shop/theirs', { id: 's2', key: 'their-secret' });
    fixture.own('shop/price');
    const session = await fixture.session();

    const theirs = session.open({ kind: 'misses', intercept: 'shop/theirs' });
    await expect(theirs.accepted).rejects.toThrow(/forbidden: .* is not of this session/);

    for (let at = 0; at < 64; at++) await session.open({ kind: 'misses', intercept: 'shop/price' }).accepted;
    await expect(session.open({ kind: 'misses', intercept: 'shop/price' }).accepted).rejects.toThrow(/64 intercepts/);
  });
});
