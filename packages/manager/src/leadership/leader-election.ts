import { abortable, type CallOptions, type Clock, FairleadError, type Logger, type Metrics } from '@fairlead/core';
import type { LeaseRecord, LeaseStore, StoredLease } from './lease-store.ts';

/** What a {@link LeaderElection} works with. */
export interface LeaderElectionParts {
  readonly store: LeaseStore;
  /** Which replica this is. A process that is started anew under this name goes on leading at once. */
  readonly identity: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

/** How long things take, in milliseconds. */
export interface LeaderElectionTimes {
  /** How long a leader that is not heard from stays the leader. */
  readonly leaseMs: number;
  /** How often the leader is heard from. */
  readonly renewMs: number;
  /** How often the others look. */
  readonly lookMs: number;
  /**
   * How long the leader goes on without reaching the store. Longer than the lease: the tunnels that it holds work without
   * the API server, everything that it decides is written through it, so a rival suffers no harm by it.
   */
  readonly graceMs: number;
  /** How long one attempt to reach the store may take. */
  readonly callMs: number;
}

/** The usual times: a leader that dies without a word is replaced in under ten seconds. */
export const leaderElectionTimes: LeaderElectionTimes = {
  leaseMs: 7_000,
  renewMs: 1_500,
  lookMs: 1_000,
  graceMs: 60_000,
  callMs: 5_000,
};

/** Has one of several replicas lead, and another one when that one is gone. */
export class LeaderElection {
  readonly #parts: LeaderElectionParts;
  readonly #times: LeaderElectionTimes;
  /** The last record seen, and when it was seen to change: other machines' clocks are not relied on. */
  #seen: { readonly lease: StoredLease; readonly at: number } | undefined;
  #term: Term | undefined;

  constructor(parts: LeaderElectionParts, times: LeaderElectionTimes = leaderElectionTimes) {
    this.#parts = parts;
    this.#times = times;
  }

  /**
   * Waits until this replica leads, then calls `lead`, whose signal aborts when it must stop leading; then waits again.
   * Resolves when the signal aborts, after giving the lease up. Rejects when `lead` does.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#campaign(signal))) return;
      await this.#serve(lead, signal);
    }
  }

  /**
   * Resolves when nobody else can lead at present; where the lease may have run out, after renewing it. Who is about to
   * change something asks this first: a replica that was cut off goes on for a while, and must not act on old knowledge
   * when it is back. Fails with `unreachable` when this replica does not lead, and as the store does.
   */
  async confirm({ signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const term = this.#term;
    if (!term || term.over.signal.aborted) throw notLeading();
    const { leaseMs, callMs } = this.#times;
    if (this.#parts.clock.now() - term.renewedAt < leaseMs - Math.min(callMs, leaseMs / 2)) return;
    await abortable(this.#renewTerm(term), signal && { signal });
    if (term.over.signal.aborted) throw notLeading();
  }

  /** True: this replica leads. False: the signal aborted first. */
  async #campaign(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        if (await this.#tryToAcquire(signal)) return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.#parts.logger.warn({ error }, 'cannot find out who leads');
      }
      await this.#pause(this.#times.lookMs, signal);
    }
    return false;
  }

  async #tryToAcquire(signal: AbortSignal): Promise<boolean> {
    const { store, identity, clock } = this.#parts;
    const stored = await this.#limited(signal, (limited) => store.read({ signal: limited }));
    this.#note(stored);
    if (!this.#isFree(stored)) return false;
    const now = new Date(clock.now()).toISOString();
    const before = stored.record;
    const record: LeaseRecord = {
      holder: identity,
      durationSeconds: Math.ceil(this.#times.leaseMs / 1_000),
      acquiredAt: now,
      renewedAt: now,
      transitions: (before?.transitions ?? 0) + (before && before.holder !== identity ? 1 : 0),
    };
    return await this.#write(record, stored.revision, signal);
  }

  #isFree({ record }: StoredLease): boolean {
    const { identity, clock } = this.#parts;
    if (!record || record.holder === '' || record.holder === identity) return true;
    return this.#seen !== undefined && clock.now() - this.#seen.at > record.durationSeconds * 1_000;
  }

  /** Leads until it must not any more. */
  async #serve(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { logger, metrics, identity } = this.#parts;
    const over = new AbortController();
    const stop = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    logger.info({ identity }, 'this replica leads');
    metrics?.gauge('fairlead_leader', 1);
    const term: Term = { over, renewedAt: Date.parse(this.#seen?.lease.record?.renewedAt ?? ''), renewal: undefined };
    this.#term = term;
    const renewing = this.#keepRenewing(term);
    try {
      await lead(over.signal);
      if (!over.signal.aborted) throw new FairleadError('internal', 'leading ended by itself');
    } finally {
      over.abort(new FairleadError('closed', 'this replica does not lead any more'));
      this.#term = undefined;
      signal.removeEventListener('abort', stop);
      await renewing;
      metrics?.gauge('fairlead_leader', 0);
      logger.info({ identity }, 'this replica does not lead any more');
      await this.#giveUp();
    }
  }

  /** Renews until the term is over, and ends the term when somebody else leads or nobody can be asked for too long. */
  async #keepRenewing(term: Term): Promise<void> {
    const { clock, logger } = this.#parts;
    const { renewMs, graceMs } = this.#times;
    const { signal } = term.over;
    for (;;) {
      await this.#pause(renewMs, signal);
      if (signal.aborted) return;
      try {
        await this.#renewTerm(term);
      } catch (error) {
        if (signal.aborted) return;
        const silentMs = clock.now() - term.renewedAt;
        logger.warn({ error, silentMs }, 'cannot renew the lease');
        if (silentMs > graceMs) term.over.abort(new FairleadError('unreachable', 'the lease could not be renewed'));
      }
    }
  }

  /** One renewal at a time: two would take each other for a rival. */
  async #renewTerm(term: Term): Promise<void> {
    term.renewal ??= this.#renewOnce(term).finally(() => {
      term.renewal = undefined;
    });
    await term.renewal;
  }

  async #renewOnce(term: Term): Promise<void> {
    // Before the call: whoever sees the new record sees it later.
    const at = this.#parts.clock.now();
    if (await this.#renew(term.over.signal)) term.renewedAt = at;
    else term.over.abort(new FairleadError('conflict', 'another replica leads'));
  }

  /** False: somebody else leads. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { store, identity, clock } = this.#parts;
    const known = this.#seen?.lease;
    const renewed = (record: LeaseRecord): LeaseRecord => ({
      ...record,
      renewedAt: new Date(clock.now()).toISOString(),
    });
    if (known?.record && (await this.#write(renewed(known.record), known.revision, signal))) return true;
    const stored = await this.#limited(signal, (limited) => store.read({ signal: limited }));
    this.#note(stored);
    if (stored.record?.holder !== identity) return false;
    return await this.#write(renewed(stored.record), stored.revision, signal);
  }

  /** Lets the others take over at once. Whether that works or not is not this replica's business any more. */
  async #giveUp(): Promise<void> {
    const record = this.#seen?.lease.record;
    if (!this.#seen || record?.holder !== this.#parts.identity) return;
    const { revision } = this.#seen.lease;
    const ignored = (): void => {};
    await this.#write({ ...record, holder: '', durationSeconds: 1 }, revision, new AbortController().signal).catch(
      ignored,
    );
  }

  /** False: somebody was faster. */
  async #write(record: LeaseRecord, expected: string, signal: AbortSignal): Promise<boolean> {
    try {
      const write = (limited: AbortSignal): Promise<StoredLease> =>
        this.#parts.store.write(record, expected, { signal: limited });
      this.#note(await this.#limited(signal, write));
      return true;
    } catch (error) {
      if (error instanceof FairleadError && error.code === 'stale-write') return false;
      throw error;
    }
  }

  #note(lease: StoredLease): void {
    if (this.#seen?.lease.revision === lease.revision) return;
    this.#seen = { lease, at: this.#parts.clock.now() };
  }

  async #limited<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { callMs } = this.#times;
    const limit = new AbortController();
    const stop = (): void => limit.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const late = new FairleadError('timeout', `the lease did not answer for ${callMs / 1_000} s`);
    const timer = this.#parts.clock.after(callMs, () => limit.abort(late));
    try {
      signal.throwIfAborted();
      return await call(limit.signal);
    } finally {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', stop);
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.#parts.clock.sleep(ms, { signal }).catch(() => {});
  }
}

/** A time in which this replica leads. */
interface Term {
  readonly over: AbortController;
  /** When the lease was last known to be this replica's. */
  renewedAt: number;
  renewal: Promise<void> | undefined;
}

function notLeading(): FairleadError {
  return new FairleadError('unreachable', 'this replica does not lead');
}
