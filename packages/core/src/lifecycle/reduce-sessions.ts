/** What is known of one session. */
interface SessionEntry {
  readonly sessionId: string;
  readonly fingerprint: string;
  /** Its tunnel is up. */
  readonly up: boolean;
  /** When it was last heard from, or when waiting for it began. Milliseconds since the epoch. */
  readonly heard: number;
}

/** The sessions that hold a lease, by {@link sessionKey}. */
export type SessionTable = ReadonlyMap<string, SessionEntry>;

/** Who a session is: its id and the fingerprint of its key. */
export type SessionIdentity = Pick<SessionEntry, 'sessionId' | 'fingerprint'>;

/** Something became known about sessions. */
export type SessionEvent =
  /** It owns intercepts, so it is expected to show itself; one that is known already gains nothing. */
  | ({ readonly type: 'awaited' } & SessionIdentity)
  /** Its tunnel is up, or it was heard from: its lease starts anew. */
  | ({ readonly type: 'seen' } & SessionIdentity)
  /** Its tunnel is down; its lease runs from when it was last heard. */
  | ({ readonly type: 'lost' } & SessionIdentity)
  /** It said goodbye. */
  | ({ readonly type: 'left' } & SessionIdentity)
  /** Time has passed. */
  | { readonly type: 'tick' }
  /** Time has passed in which nothing could be heard, as this process stood still: every lease starts anew. */
  | { readonly type: 'slept' };

/** The table after an event. */
export interface SessionTransition {
  readonly sessions: SessionTable;
  /** The sessions that are over: what they hold is free. */
  readonly ended: readonly SessionIdentity[];
  /** The session whose tunnel came up or went down by this, if one did. */
  readonly turned?: SessionIdentity;
}

/** How long a silent session keeps what it holds, in milliseconds, unless another time is given. */
export const defaultLeaseMs = 15_000;

/** The name of a session in a {@link SessionTable}. An id alone is not enough: anybody may claim one. */
export function sessionKey({ sessionId, fingerprint }: SessionIdentity): string {
  return JSON.stringify([sessionId, fingerprint]);
}

/** What follows from an event. Pure: `now` is milliseconds since the epoch. The given table stays as it is. */
export function reduceSessions(
  sessions: SessionTable,
  event: SessionEvent,
  now: number,
  leaseMs: number = defaultLeaseMs,
): SessionTransition {
  if (event.type === 'tick') return expire(sessions, now, leaseMs);
  if (event.type === 'slept') {
    return { sessions: new Map([...sessions].map(([key, entry]) => [key, { ...entry, heard: now }])), ended: [] };
  }
  const { sessionId, fingerprint } = event;
  const session = { sessionId, fingerprint };
  const before = sessions.get(sessionKey(session));
  const put = (entry: SessionEntry): SessionTransition => ({
    sessions: new Map(sessions).set(sessionKey(session), entry),
    ended: [],
    ...(entry.up !== (before?.up ?? false) && { turned: session }),
  });
  switch (event.type) {
    case 'awaited':
      return before ? { sessions, ended: [] } : put({ ...session, up: false, heard: now });
    case 'seen':
      return put({ ...session, up: true, heard: now });
    case 'lost':
      return put({ ...session, up: false, heard: before?.heard ?? now });
    case 'left':
      return { sessions: without(sessions, [session]), ended: [session], ...(before?.up && { turned: session }) };
  }
}

/** When the next session expires unless it is heard from; undefined: none is known. */
export function nextExpiry(sessions: SessionTable, leaseMs: number = defaultLeaseMs): number | undefined {
  const times = [...sessions.values()].map(({ heard }) => heard + leaseMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

function expire(sessions: SessionTable, now: number, leaseMs: number): SessionTransition {
  const ended = [...sessions.values()].filter(({ heard }) => now - heard >= leaseMs);
  if (ended.length === 0) return { sessions, ended };
  return {
    sessions: without(sessions, ended),
    ended: ended.map(({ sessionId, fingerprint }) => ({ sessionId, fingerprint })),
  };
}

function without(sessions: SessionTable, gone: readonly SessionIdentity[]): SessionTable {
  const left = new Map(sessions);
  for (const session of gone) left.delete(sessionKey(session));
  return left;
}
