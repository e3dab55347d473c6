import {
  type CallOptions,
  type DeleteInterceptOptions,
  type InterceptChange,
  type InterceptDraft,
  type InterceptPhase,
  type InterceptRecord,
  type InterceptRegistry,
  type InterceptStatus,
  interceptId,
  type WorkloadKey,
} from '@fairlead/core';
import { narrateEnd, narrateIntercept } from './narrate-intercept.ts';
import type { WorkloadEvent, WorkloadEvents } from './workload-event.ts';

/** A registry that tells, on the workloads, what becomes of intercepts. Everything else it leaves to another registry. */
export class NarratedInterceptRegistry implements InterceptRegistry {
  readonly #registry: InterceptRegistry;
  readonly #events: WorkloadEvents;
  /** Of each intercept, the phase that was told last, and whose traffic it is. */
  readonly #told = new Map<string, { readonly phase: InterceptPhase; readonly workload: WorkloadKey | undefined }>();

  constructor(registry: InterceptRegistry, events: WorkloadEvents) {
    this.#registry = registry;
    this.#events = events;
  }

  create(draft: InterceptDraft, options?: CallOptions): Promise<InterceptRecord> {
    return this.#registry.create(draft, options);
  }

  read(namespace: string, name: string, options?: CallOptions): Promise<InterceptRecord | undefined> {
    return this.#registry.read(namespace, name, options);
  }

  list(namespace: string, options?: CallOptions): Promise<readonly InterceptRecord[]> {
    return this.#registry.list(namespace, options);
  }

  async updateStatus(
    record: Pick<InterceptRecord, 'namespace' | 'name'>,
    status: InterceptStatus,
    expected: string,
    options?: CallOptions,
  ): Promise<InterceptRecord> {
    const written = await this.#registry.updateStatus(record, status, expected, options);
    const before = this.#told.get(interceptId(written));
    if (before?.phase !== status.phase) {
      this.#note(written);
      this.#tell(narrateIntercept(written, before?.workload));
    }
    return written;
  }

  delete(namespace: string, name: string, options?: DeleteInterceptOptions): Promise<void> {
    return this.#registry.delete(namespace, name, options);
  }

  async *watch(namespace: string, options?: CallOptions): AsyncGenerator<InterceptChange, void, undefined> {
    for await (const change of this.#registry.watch(namespace, options)) {
      const { record } = change;
      const before = this.#told.get(interceptId(record));
      // What was there before this process has been told of by the one before.
      if (change.type === 'stored' && !before) this.#note(record);
      if (change.type === 'deleted' && before) {
        this.#told.delete(interceptId(record));
        this.#tell(narrateEnd(record, before.workload));
      }
      yield change;
    }
  }

  #note(record: InterceptRecord): void {
    const { phase, workload = this.#told.get(interceptId(record))?.workload } = record.status;
    this.#told.set(interceptId(record), { phase, workload });
  }

  #tell(event: WorkloadEvent | undefined): void {
    if (event) this.#events.record(event);
  }
}
