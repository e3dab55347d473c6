import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextExpiry, reduceSessions, type SessionEvent, type SessionTable, sessionKey } from './reduce-sessions.ts';

const ada = { sessionId: 'session-1', fingerprint: 'f1' };
const impostor = { sessionId: 'session-1', fingerprint: 'f2' };
const lease = 15_000;

describe('reduceSessions', () => {
  it('frees what a session holds when it was silent for its lease, not earlier', () => {
    const table = tableAfter([{ type: 'seen', ...ada }, 1_000]);

    expect(nextExpiry(table, lease)).toBe(16_000);
    expect(reduceSessions(table, { type: 'tick' }, 15_999, lease).ended).toEqual([]);
    const end = reduceSessions(table, { type: 'tick' }, 16_000, lease);
    expect(end.ended).toEqual([ada]);
    expect(end.sessions.size).toBe(0);
    expect(nextExpiry(end.sessions, lease)).toBeUndefined();
  });

  it('starts the lease anew with every sign of life', () => {
    const table = tableAfter([{ type: 'seen', ...ada }, 0], [{ type: 'seen', ...ada }, 14_000]);

    expect(reduceSessions(table, { type: 'tick' }, 28_999, lease).ended).toEqual([]);
  });

  it('starts every lease anew after a time in which nothing could be heard', () => {
    const table = tableAfter([{ type: 'seen', ...ada }, 0], [{ type: 'lost', ...ada }, 1_000]);

    const { sessions, ended } = reduceSessions(table, { type: 'slept' }, 40_000, lease);

    expect(ended).toEqual([]);
    expect(sessions.get(sessionKey(ada))).toMatchObject({ up: false, heard: 40_000 });
    expect(reduceSessions(sessions, { type: 'tick' }, 55_000, lease).ended).toEqual([ada]);
  });

  it('does not prolong the lease when the tunnel is lost, nor end it', () => {
    const table = tableAfter([{ type: 'seen', ...ada }, 0], [{ type: 'lost', ...ada }, 4_000]);

    expect(table.get(sessionKey(ada))).toMatchObject({ up: false, heard: 0 });
    expect(reduceSessions(table, { type: 'tick' }, 14_999, lease).ended).toEqual([]);
    expect(reduceSessions(table, { type: 'tick' }, 15_000, lease).ended).toEqual([ada]);
  });

  it('expires a session whose tunnel is up but silent', () => {
    const table = tableAfter([{ type: 'seen', ...ada }, 0]);

    expect(reduceSessions(table, { type: 'tick' }, 15_000, lease).ended).toEqual([ada]);
  });

  it('ends a session at once that says goodbye', () => {
    const { sessions, ended, turned } = reduceSessions(
      tableAfter([{ type: 'seen', ...ada }, 0]),
      { type: 'left', ...ada },
      5,
      lease,
    );

    expect(ended).toEqual([ada]);
    expect(turned).toEqual(ada);
    expect(sessions.size).toBe(0);
  });

  it('waits for a session with intercepts to show itself, and no longer than the lease', () => {
    const table = tableAfter([{ type: 'awaited', ...ada }, 0], [{ type: 'awaited', ...ada }, 14_000]);

    expect(reduceSessions(table, { type: 'tick' }, 15_000, lease).ended).toEqual([ada]);
  });

  it('lets nobody without the key keep or end a session', () => {
    const table = tableAfter([{ type: 'seen', ...ada }, 0], [{ type: 'seen', ...impostor }, 10_000]);
    const left = reduceSessions(table, { type: 'left', ...impostor }, 11_000, lease);

    expect(left.ended).toEqual([impostor]);
    expect(left.sessions.get(sessionKey(ada))).toMatchObject({ up: true, heard: 0 });
    expect(reduceSessions(left.sessions, { type: 'tick' }, 15_000, lease).ended).toEqual([ada]);
  });

  it('tells when a tunnel comes up or goes down, and only then', () => {
    const steps: (readonly [SessionEvent, number])[] = [
      [{ type: 'awaited', ...ada }, 0],
      [{ type: 'seen', ...ada }, 1],
      [{ type: 'seen', ...ada }, 2],
      [{ type: 'lost', ...ada }, 3],
      [{ type: 'lost', ...ada }, 4],
    ];
    let table: SessionTable = new Map();
    const turned = steps.map(([event, now]) => {
      const transition = reduceSessions(table, event, now, lease);
      table = transition.sessions;
      return transition.turned !== undefined;
    });

    expect(turned).toEqual([false, true, false, true, false]);
  });

  it('never lets a session live longer than its lease after its last sign of life', () => {
    const anyEvent = fc.tuple(
      fc.constantFrom('awaited' as const, 'seen' as const, 'lost' as const, 'left' as const),
      fc.constantFrom(ada, impostor, { sessionId: 'session-2', fingerprint: 'f3' }),
      fc.nat(20_000),
    );
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        let now = 0;
        let table: SessionTable = new Map();
        for (const [type, session, pause] of events) {
          now += pause;
          table = reduceSessions(table, { type, ...session }, now, lease).sessions;
          table = reduceSessions(table, { type: 'tick' }, now, lease).sessions;
          for (const entry of table.values()) expect(now - entry.heard).toBeLessThan(lease);
        }
      }),
    );
  });
});

function tableAfter(...events: (readonly [SessionEvent, number])[]): SessionTable {
  return events.reduce<SessionTable>(
    (table, [event, now]) => reduceSessions(table, event, now, lease).sessions,
    new Map(),
  );
}
