import { FairleadError } from '../errors.ts';
import { frozenCopy } from '../frozen-copy.ts';
import type { Identity } from '../model/identity.ts';
import type { InterceptRecord, InterceptStatus } from '../model/intercept.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  DeleteInterceptOptions,
  InterceptChange,
  InterceptDraft,
  InterceptRegistry,
} from '../ports/intercept-registry.ts';
import { sameData } from '../same-data.ts';
import { ChangeFeed } from './change-feed.ts';

/** Options of {@link MemoryInterceptRegistry}. */
export interface MemoryInterceptRegistryOptions {
  /** Who asks for a draft, as a cluster would establish it. Default: not established. */
  readonly requesterOf?: (draft: InterceptDraft) => Identity | undefined;
}

/** Keeps intercepts in memory. */
export class MemoryInterceptRegistry implements InterceptRegistry {
  readonly #clock: Clock;
  readonly #requesterOf: (draft: InterceptDraft) => Identity | undefined;
  /** In order of creation. */
  readonly #records = new Map<string, InterceptRecord>();
  readonly #feed: ChangeFeed<InterceptChange> = new ChangeFeed<InterceptChange>();
  #writes = 0;

  constructor(clock: Clock, options: MemoryInterceptRegistryOptions = {}) {
    this.#clock = clock;
    this.#requesterOf = options.requesterOf ?? (() => undefined);
  }

  async create(draft: InterceptDraft, options: CallOptions = {}): Promise<InterceptRecord> {
    options.signal?.throwIfAborted();
    const present = this.#records.get(keyOf(draft));
    if (present) return recognise(present, draft);
    const { namespace, name, spec, session } = draft;
    const requester = this.#requesterOf(draft);
    const now = new Date(this.#clock.now()).toISOString();
    return this.#store({
      namespace,
      name,
      spec,
      session,
      ...(requester && { requester }),
      createdAt: now,
      status: { phase: 'requested', since: now },
    });
  }

  async read(namespace: string, name: string, options: CallOptions = {}): Promise<InterceptRecord | undefined> {
    options.signal?.throwIfAborted();
    return this.#records.get(keyOf({ namespace, name }));
  }

  async list(namespace: string, options: CallOptions = {}): Promise<readonly InterceptRecord[]> {
    options.signal?.throwIfAborted();
    return this.#of(namespace);
  }

  async updateStatus(
    record: Pick<InterceptRecord, 'namespace' | 'name'>,
    status: InterceptStatus,
    expected: string,
    options: CallOptions = {},
  ): Promise<InterceptRecord> {
    options.signal?.throwIfAborted();
    const present = this.#records.get(keyOf(record));
    if (!present) throw new FairleadError('not-found', `there is no intercept ${record.name} in ${record.namespace}`);
    checkRevision(present, expected);
    return this.#store({ ...present, status });
  }

  async delete(namespace: string, name: string, options: DeleteInterceptOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const record = this.#records.get(keyOf({ namespace, name }));
    if (!record) return;
    if (options.expected !== undefined) checkRevision(record, options.expected);
    this.#records.delete(keyOf(record));
    this.#feed.publish({ type: 'deleted', record });
  }

  watch(namespace: string, options: CallOptions = {}): AsyncIterable<InterceptChange> {
    return this.#feed.subscribe({
      ...options,
      snapshot: this.#of(namespace).map((record) => ({ type: 'stored', record })),
      only: (change) => change.record.namespace === namespace,
    });
  }

  #of(namespace: string): readonly InterceptRecord[] {
    return [...this.#records.values()].filter((record) => record.namespace === namespace);
  }

  #store(record: Omit<InterceptRecord, 'revision'>): InterceptRecord {
    const stored = frozenCopy({ ...record, revision: String(++this.#writes) });
    this.#records.set(keyOf(stored), stored);
    this.#feed.publish({ type: 'stored', record: stored });
    return stored;
  }
}

function keyOf(record: Pick<InterceptRecord, 'namespace' | 'name'>): string {
  return `${record.namespace}/${record.name}`;
}

function checkRevision({ name, revision }: InterceptRecord, expected: string): void {
  if (revision === expected) return;
  throw new FairleadError('stale-write', `intercept ${name} is at revision ${revision}, not ${expected}`);
}

function recognise(present: InterceptRecord, draft: InterceptDraft): InterceptRecord {
  if (sameData(present.session, draft.session) && sameData(present.spec, draft.spec)) return present;
  throw new FairleadError('conflict', `there is another intercept ${draft.name} in namespace ${draft.namespace}`, {
    hint: 'Choose another name.',
    holder: {
      intercept: present.name,
      user: present.requester?.user ?? present.session.label,
      session: present.session.label,
      since: present.createdAt,
    },
  });
}
