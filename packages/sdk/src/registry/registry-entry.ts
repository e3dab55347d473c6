import {
  abortable,
  type CallOptions,
  type Clock,
  type ErrorCode,
  FairleadError,
  type InterceptDraft,
  type InterceptProgress,
  type InterceptRecord,
  type InterceptRegistry,
  type InterceptStatus,
  type Logger,
} from '@fairlead/core';
import { notify } from '../notify.ts';
import { timeLimit } from '../time-limit.ts';
import { backOffMs } from '../tunnel/back-off.ts';
import type { RecordWatch } from './record-watch.ts';

/** What a {@link RegistryEntry} works with. */
export interface RegistryEntryParts {
  readonly registry: InterceptRegistry;
  readonly records: RecordWatch;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What becomes of an entry. */
export interface RegistryEntryEvents {
  /** Its status changed. */
  changed(status: InterceptStatus): void;
  /** It ended, and not because it was left. Told once, after it had been active. */
  lost(error: FairleadError): void;
}

/** How an entry is waited for. */
export interface ActivationOptions extends CallOptions {
  readonly timeoutMs: number;
  readonly onProgress?: ((progress: InterceptProgress) => void) | undefined;
}

/** How often, and how long each time, it is tried to delete an entry. What remains ends with the lease. */
const deletion = { attempts: 3, eachMs: 5_000 };

/** One record in the registry, from the request to its end. */
export class RegistryEntry {
  readonly draft: InterceptDraft;
  readonly #parts: RegistryEntryParts;
  readonly #events: RegistryEntryEvents;
  readonly #following: Disposable;
  /** What an activation waits for; fails when there is nothing left to wait for. */
  readonly #active: Promise<void>;
  #settle: { resolve(): void; reject(error: FairleadError): void } = { resolve() {}, reject() {} };
  #status: InterceptStatus | undefined;
  /** While it cannot be active, or is not known to be again: the beginning of the phase that is not believed any more. */
  #unseen: { readonly since: string; isBack: boolean } | undefined;
  #onProgress: ((progress: InterceptProgress) => void) | undefined;
  /** Whether there is a record of ours: `maybe` after a request whose outcome is not known. */
  #isThere: 'no' | 'maybe' | 'yes' = 'no';
  #wasActive = false;
  #isOver = false;

  /** Begins to follow the record of this name; nothing is requested yet. */
  constructor(draft: InterceptDraft, parts: RegistryEntryParts, events: RegistryEntryEvents) {
    this.draft = draft;
    this.#parts = parts;
    this.#events = events;
    this.#active = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#active.catch(() => {});
    this.#following = parts.records.follow(draft.name, {
      stored: (record) => this.#stored(record),
      gone: () => this.#gone(),
    });
  }

  /** The last status that was seen, as far as it can be believed. */
  get status(): InterceptStatus | undefined {
    const status = this.#status;
    if (!this.#unseen || status?.phase !== 'active') return status;
    const { replicas } = status;
    return { ...status, phase: 'interrupted', ...(replicas && { replicas: { ...replicas, ready: 0 } }) };
  }

  /** The session's connection is gone: nothing can be active now, though nobody may be there to write that down. */
  connectionLost(): void {
    if (this.#isOver || this.#status?.phase !== 'active') return;
    this.#unseen = { since: this.#status.since, isBack: false };
    this.#tell();
  }

  /**
   * The session is connected again. To the same relay: what it said last still holds. To another one: that has to say so
   * anew, for it finds agents and sessions one after the other.
   */
  connectionBack(isSameRelay: boolean): void {
    const unseen = this.#unseen;
    if (!unseen) return;
    unseen.isBack = true;
    if (isSameRelay || this.#status?.since !== unseen.since) this.#unseen = undefined;
    this.#tell();
  }

  /**
   * Requests the record and resolves when it is active. Fails with the control plane's refusal, `timeout`, or the
   * signal's reason, and has then taken the record back.
   */
  async activate({ timeoutMs, signal, onProgress }: ActivationOptions): Promise<void> {
    this.#onProgress = onProgress;
    using limit = timeLimit(this.#parts.clock, timeoutMs, () => this.#late(timeoutMs), signal);
    this.#isThere = 'maybe';
    const creating = this.#parts.registry.create(this.draft, { signal: limit.signal });
    try {
      const record = await abortable(creating, limit);
      this.#isThere = 'yes';
      // The watch may have told newer news already.
      if (!this.#status) this.#stored(record);
      await abortable(this.#active, limit);
    } catch (error) {
      await this.#takeBack(creating);
      throw error;
    }
  }

  /** Ends the entry for a reason of this side's own, such as the loss of the session. */
  fail(error: FairleadError): void {
    if (this.#isOver) return;
    this.#settle.reject(error);
    if (!this.#wasActive) return;
    this.#isOver = true;
    this.#events.lost(error);
  }

  /** Deletes the record. Never rejects: what cannot be deleted ends with the session's lease. */
  async remove(): Promise<void> {
    this.#isOver = true;
    this.#following[Symbol.dispose]();
    this.#settle.reject(new FairleadError('closed', `${this.draft.name} was left`));
    for (let attempt = 1; this.#isThere !== 'no'; attempt++) {
      try {
        await this.#delete();
        this.#isThere = 'no';
      } catch (error) {
        const { name } = this.draft;
        this.#parts.logger.warn({ intercept: name, attempt, error }, 'intercept not deleted');
        if (attempt >= deletion.attempts) return;
        await this.#parts.clock.sleep(backOffMs(attempt));
      }
    }
  }

  async #takeBack(creating: Promise<InterceptRecord>): Promise<void> {
    try {
      // A request that is still on its way would come true after its deletion.
      using limit = timeLimit(this.#parts.clock, deletion.eachMs, () => new FairleadError('timeout', 'no answer'));
      await abortable(creating, limit);
      this.#isThere = 'yes';
    } catch (error) {
      if (error instanceof FairleadError && isCertain(error)) this.#isThere = 'no';
    }
    await this.remove();
  }

  async #delete(): Promise<void> {
    const { registry, clock } = this.#parts;
    const { namespace, name, session } = this.draft;
    const late = (): FairleadError => new FairleadError('timeout', `no answer in ${deletion.eachMs} ms`);
    using limit = timeLimit(clock, deletion.eachMs, late);
    if (this.#isThere === 'maybe') {
      const record = await abortable(registry.read(namespace, name, limit), limit);
      if (record?.session.fingerprint !== session.fingerprint) return;
    }
    await abortable(registry.delete(namespace, name, limit), limit);
  }

  #stored(record: InterceptRecord): void {
    if (this.#isOver || record.session.fingerprint !== this.draft.session.fingerprint) return;
    const { status } = record;
    this.#isThere = 'yes';
    this.#status = status;
    if (this.#unseen?.isBack && status.since !== this.#unseen.since) this.#unseen = undefined;
    const { progress } = status;
    if (progress) notify(() => this.#onProgress?.(progress));
    if (status.phase === 'active') {
      this.#wasActive = true;
      this.#settle.resolve();
    }
    this.#tell();
    if (status.phase === 'refused' || status.phase === 'failed' || status.phase === 'released') {
      this.fail(this.#endOf(status));
    }
  }

  #tell(): void {
    const { status } = this;
    if (status && !this.#isOver) this.#events.changed(status);
  }

  #gone(): void {
    // Told also of a record that has not been made yet.
    if (this.#isOver || !this.#status) return;
    this.#isThere = 'no';
    this.fail(this.#endOf(this.#status));
  }

  #endOf({ error, phase }: InterceptStatus): FairleadError {
    if (error && phase !== 'interrupted') return FairleadError.deserialize(error);
    if (phase === 'interrupted' && error?.phase === 'tunnel') {
      return new FairleadError('lease-expired', `${this.draft.name} ended while the session was not heard from`, {
        phase: 'release',
      });
    }
    return new FairleadError('closed', `${this.draft.name} was ended by somebody else`, {
      phase: 'release',
      hint: 'Make the intercept again if it is still needed.',
    });
  }

  #late(timeoutMs: number): FairleadError {
    const { phase = 'requested', progress, error } = this.#status ?? {};
    const how = progress ? `, ${progress.stage} ${progress.done}/${progress.total}` : '';
    const why = error ? `: ${error.message}` : '';
    const message = `${this.draft.name} was not active in ${timeoutMs} ms: it is ${phase}${how}${why}`;
    return new FairleadError('timeout', message, { phase: 'agents', ...(error?.hint && { hint: error.hint }) });
  }
}

/** Answers of a registry that say that nothing was made. After any other failure something may have been. */
const certainCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'bad-match',
  'bad-request',
  'conflict',
  'forbidden',
  'unsupported',
  'workload-not-found',
]);

function isCertain({ code }: FairleadError): boolean {
  return certainCodes.has(code);
}
