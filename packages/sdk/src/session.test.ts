import { FairleadError } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { anEcho, ask } from './testing/loopback.ts';
import { SessionLab } from './testing/session-lab.ts';

describe('A session', () => {
  it('beats so often that its lease never runs out', async () => {
    await using lab = await SessionLab.start();
    lab.relay.leaseMs = 9_000;
    await lab.connect();

    for (let beat = 1; beat <= 3; beat++) {
      await lab.clock.advance(3_000);
      await expect.poll(() => lab.relay.current.said).toHaveLength(beat);
    }
    expect(lab.relay.current.said).toEqual([{ type: 'beat' }, { type: 'beat' }, { type: 'beat' }]);
  });

  it('connects anew by itself when the connection is lost, and its intercepts serve again', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const told: string[] = [];
    session.events.on('interrupted', (error) => told.push(error.code));
    session.events.on('resumed', () => told.push('resumed'));
    await session.intercept({ workload: 'cart', to: await anEcho(), name: 'mine' });
    const { hello } = lab.relay.current;

    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => told).toEqual(['connection-lost']);
    expect(session.isConnected).toBe(false);
    await lab.clock.advance(2_000);
    lab.relay.isReachable = true;
    await lab.clock.advance(5_000);
    await expect.poll(() => told).toEqual(['connection-lost', 'resumed']);

    expect(lab.relay.current.hello).toEqual(hello);
    expect(lab.relay.connections).toHaveLength(2);
    expect(await ask(lab.relay.divert('shop/mine'), 'again')).toBe('again');
  });

  it('gives up at once when it is refused for good, and its intercepts are lost', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const told: string[] = [];
    session.events.on('lost', (error) => told.push(`session ${error.code}`));
    intercept.events.on('lost', (error) => told.push(`intercept ${error.code}`));
    lab.relay.refusal = new FairleadError('forbidden', 'revoked');
    const before = lab.relay.dialled;

    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);
    await lab.clock.advance(1_000);
    await expect.poll(() => told).toEqual(['intercept forbidden', 'session forbidden']);

    expect(lab.relay.dialled - before).toBe(1);
    expect(session.signal.reason).toMatchObject({ code: 'forbidden' });
    await expect(session.intercept({ workload: 'cart', to: 1 })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('does not give up for what stands before the relay: an API server that starts says no to everybody', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const told: string[] = [];
    session.events.on('resumed', () => told.push('resumed'));
    session.events.on('lost', () => told.push('lost'));
    lab.relay.dialFailure = new FairleadError('forbidden', 'no role is known yet');

    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);
    await lab.clock.advance(4_000);
    lab.relay.dialFailure = undefined;
    await lab.clock.advance(6_000);

    await expect.poll(() => told).toEqual(['resumed']);
  });

  it.each([
    ['the same relay', 'relay-1', ['interrupted', 'active']],
    ['another relay, before that has seen it', 'relay-2', ['interrupted']],
  ])('calls nothing active that it cannot be, and with %s not at once', async (_whose, id, phases) => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const told: string[] = [];
    intercept.events.on('phase', (phase) => told.push(phase));
    const resumed = new Promise<void>((resolve) => session.events.once('resumed', () => resolve()));
    lab.relay.id = id;

    lab.relay.drop();
    await expect.poll(() => intercept.phase).toBe('interrupted');
    await lab.clock.advance(1_000);
    await resumed;
    expect(told).toEqual(phases);

    // Whatever it was: when the control plane says anew that it is active, it is.
    await lab.report('mine', { phase: 'interrupted' });
    await lab.clock.advance(1_000);
    await lab.report('mine', { phase: 'active' });
    await expect.poll(() => intercept.phase).toBe('active');
  });

  it('does not fight with a newer connection of its own', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const lost: FairleadError[] = [];
    session.events.on('lost', (error) => lost.push(error));

    lab.relay.current.tell({ type: 'ended', reason: 'replaced' });

    await expect.poll(() => lost).toMatchObject([{ code: 'closed' }]);
    await lab.clock.advance(60_000);
    expect(lab.relay.dialled).toBe(1);
  });

  it('gives up in the end when the relay stays away', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const lost: FairleadError[] = [];
    session.events.on('lost', (error) => lost.push(error));
    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);

    await lab.clock.advance(400_000);

    await expect.poll(() => lost).toMatchObject([{ code: 'connection-lost' }]);
    expect(lab.relay.dialled).toBe(65);
    expect(lab.clock.pending).toBe(0);
  });

  it('can be closed while it connects anew', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);

    await session.close();

    expect(lab.clock.pending).toBe(0);
    expect(lab.closed).toBe(1);
  });

  it('ends intercepts by name: its own, others, and none', async () => {
    await using lab = await SessionLab.start();
    const mine = await lab.connect();
    const other = await lab.connect();
    const intercept = await mine.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const theirs = await other.intercept({ workload: 'cart', to: 1, name: 'theirs' });

    await mine.leave('mine');
    await mine.leave('theirs');
    await mine.leave('none');

    expect(intercept.phase).toBe('released');
    await expect.poll(() => theirs.phase).toBe('released');
    expect(await mine.list()).toEqual([]);
  });
});
