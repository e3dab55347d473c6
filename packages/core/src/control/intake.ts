import { FairleadError } from '../errors.ts';
import { type InterceptRecord, interceptId } from '../model/intercept.ts';
import { formatWorkload, type WorkloadKey } from '../model/workload.ts';
import { carryOutRemoval } from './carry-out-removal.ts';
import type { ControlContext } from './control-context.ts';
import { compareRuns, InterceptRun } from './intercept-run.ts';
import { isTransient } from './kinds-of-failure.ts';
import { WorkQueue } from './work-queue.ts';
import { writeStatus } from './write-status.ts';

/**
 * Finds out which workload a new intercept means, and hands it on. What is asked for under one name goes through here in
 * the order of age, so that of two who want the same the older comes first.
 */
export class Intake implements AsyncDisposable {
  readonly #context: ControlContext;
  readonly #place: (record: InterceptRecord, workload: WorkloadKey) => void;
  readonly #holderOf: (workload: WorkloadKey) => InterceptRecord | undefined;
  readonly #waiting = new Map<string, InterceptRun>();
  readonly #queue: WorkQueue;

  /**
   * `place` takes each intercept over whose workload is found; `holderOf` knows those that were placed on a workload and
   * have not ended.
   */
  constructor(
    context: ControlContext,
    place: (record: InterceptRecord, workload: WorkloadKey) => void,
    holderOf: (workload: WorkloadKey) => InterceptRecord | undefined,
  ) {
    this.#context = context;
    this.#place = place;
    this.#holderOf = holderOf;
    this.#queue = new WorkQueue({
      clock: context.ports.clock,
      handle: (name, signal) => this.#work(name, signal),
      onFailure: (name, error, retryMs) =>
        context.logger.warn({ workload: name, error, retryMs }, 'workloads cannot be looked up'),
    });
  }

  /** Takes a new intercept in. */
  add(record: InterceptRecord): void {
    const run = new InterceptRun(record, this.#context.ports.clock.now(), this.#context.limits);
    this.#waiting.set(run.id, run);
    this.#queue.add(nameOf(record));
  }

  /** Forgets an intercept that is gone. */
  remove(id: string): void {
    this.#waiting.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting.clear();
    await this.#queue[Symbol.asyncDispose]();
  }

  async #work(name: string, signal: AbortSignal): Promise<void> {
    const runs = [...this.#waiting.values()].filter(({ record }) => nameOf(record) === name).sort(compareRuns);
    for (const run of runs) {
      const found = await this.#find(run, signal);
      if (this.#waiting.get(run.id) !== run) continue;
      if (found instanceof FairleadError) await this.#refuse(run, found, signal);
      else if (run.record.spec.mode === 'removal') await this.#remove(run, found, signal);
      else this.#place(run.record, found);
      this.#waiting.delete(run.id);
    }
  }

  async #find({ record }: InterceptRun, signal: AbortSignal): Promise<WorkloadKey | FairleadError> {
    if (record.status.workload) return record.status.workload;
    const { ports, calls } = this.#context;
    try {
      const { namespace, kind, name } = await calls.make('look up a workload', signal, (limited) =>
        ports.workloadResolver.find({ ...record.spec.workload, namespace: record.namespace }, { signal: limited }),
      );
      return { namespace, kind, name };
    } catch (error) {
      if (signal.aborted || isTransient(error)) throw error;
      return FairleadError.from(error, 'internal', 'cannot look up the workload');
    }
  }

  /** Where an agent is to go, nothing is prepared and nothing goes on: it is done here, or refused. */
  async #remove(run: InterceptRun, workload: WorkloadKey, signal: AbortSignal): Promise<void> {
    const { ports, calls, logger } = this.#context;
    try {
      await carryOutRemoval(run.record, workload, this.#context, this.#holderOf(workload), signal);
    } catch (error) {
      if (signal.aborted || isTransient(error)) throw error;
      const doing = `cannot remove the agent of ${formatWorkload(workload)}`;
      return await this.#refuse(run, FairleadError.from(error, 'internal', doing), signal);
    }
    logger.info({ intercept: run.id, workload: formatWorkload(workload) }, 'agent removed');
    run.apply({ type: 'released' }, ports.clock.now());
    await writeStatus(ports.interceptRegistry, calls, run.record, { ...run.status, workload }, signal);
  }

  async #refuse(run: InterceptRun, error: FairleadError, signal: AbortSignal): Promise<void> {
    const { ports, calls, logger } = this.#context;
    run.apply({ type: 'refused', error: error.serialize() }, ports.clock.now());
    logger.info({ intercept: interceptId(run.record), code: error.code, reason: error.message }, 'intercept refused');
    ports.metrics?.count('fairlead_intercept_phases_total', { phase: run.state.phase });
    await writeStatus(ports.interceptRegistry, calls, run.record, run.status, signal);
  }
}

function nameOf({ namespace, spec }: InterceptRecord): string {
  return `${namespace}/${spec.workload.name}`;
}
