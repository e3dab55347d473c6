import type { CallOptions, ClusterAdapter, InterceptRecord, PreflightReport, Service, Workload } from '@fairlead/core';
import { composePorts } from './container.ts';
import { type DiagnosticPiece, type GatherOptions, gatherDiagnostics } from './diagnostics/gather.ts';
import { type DryRun, dryRun, type PlanRequest } from './plan.ts';
import { watchRecords } from './registry/watch-records.ts';
import type { SessionPorts } from './session-ports.ts';
import { parseWorkloadReference, type WorkloadReference } from './workload-reference.ts';

/** Options of {@link openView}. */
export interface ViewOptions extends CallOptions {
  /** Default: the one that the cluster adapter means. */
  readonly namespace?: string | undefined;
}

/** A namespace of a cluster as one may look at it without a session: nothing is connected but the cluster's own API. */
export class ClusterView implements AsyncDisposable {
  readonly namespace: string;
  readonly #ports: SessionPorts;
  readonly #onClose: () => Promise<void>;

  /** @internal */
  constructor(ports: SessionPorts, namespace: string, onClose: () => Promise<void> = async () => {}) {
    this.#ports = ports;
    this.namespace = namespace;
    this.#onClose = onClose;
  }

  /** What an intercept would do, without doing it. See {@link DryRun}; fails as the intercept would before it begins. */
  async plan(request: PlanRequest): Promise<DryRun> {
    return await dryRun(request, this.namespace, this.#ports);
  }

  /** Everything that stands in the way of an intercept. A cluster that has nothing to be missing has no problems. */
  async preflight(options: CallOptions = {}): Promise<PreflightReport> {
    const { preflight } = this.#ports;
    return preflight ? await preflight.check(this.namespace, options) : { serverVersion: '', checks: [], problems: [] };
  }

  /**
   * Everything that the cluster tells of Fairlead, piece by piece and free of secrets: objects, Events, logs of manager and
   * agents. What cannot be read is a piece with a note. A cluster that shows nothing has no pieces.
   */
  async *diagnostics({ workloads, ...options }: GatherOptions = {}): AsyncGenerator<DiagnosticPiece, void, undefined> {
    const { diagnostics, clock } = this.#ports;
    if (diagnostics) yield* gatherDiagnostics(diagnostics, clock, { namespace: this.namespace, workloads }, options);
  }

  /** Every intercept and wiretap of the namespace, whoever holds it, oldest first. */
  async list(options: CallOptions = {}): Promise<readonly InterceptRecord[]> {
    return await this.#ports.interceptRegistry.list(this.namespace, options);
  }

  /**
   * All of {@link list}, now and again whenever one of them changes, until the signal aborts. Fails when a watch that breaks
   * cannot be begun anew.
   */
  watch(options: CallOptions = {}): AsyncIterable<readonly InterceptRecord[]> {
    return watchRecords(this.#ports, this.namespace, options);
  }

  /** Ends an intercept by its name, as far as the cluster allows. Ending what is not there succeeds. */
  async leave(name: string, options: CallOptions = {}): Promise<void> {
    await this.#ports.interceptRegistry.delete(this.namespace, name, options);
  }

  /** The workloads of the namespace, sorted by name and kind. */
  async workloads(options: CallOptions = {}): Promise<readonly Workload[]> {
    return await this.#ports.workloadResolver.list(this.namespace, options);
  }

  /** One workload. Fails with `workload-not-found`, `ambiguous-workload` or `bad-request`. */
  async workload(reference: WorkloadReference, options: CallOptions = {}): Promise<Workload> {
    const ref = parseWorkloadReference(reference, this.namespace);
    return await this.#ports.workloadResolver.find(ref, options);
  }

  /** The services of the namespace, sorted by name. */
  async services(options: CallOptions = {}): Promise<readonly Service[]> {
    return await this.#ports.workloadResolver.services(this.namespace, options);
  }

  /** Gives back what was opened. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#onClose();
  }
}

/**
 * Looks into a cluster, whether Fairlead is installed there or not: plans, workloads, intercepts, a preflight. Dispose it.
 * Fails with `unreachable`, `forbidden`, `bad-config` or the signal's reason.
 */
export async function openView(cluster: ClusterAdapter, options: ViewOptions = {}): Promise<ClusterView> {
  const { signal, namespace } = options;
  signal?.throwIfAborted();
  const opened = await cluster.open(signal && { signal });
  try {
    const composition = await composePorts(opened.module, [], {});
    return new ClusterView(composition.ports, namespace ?? opened.namespace, async () => {
      await composition[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    });
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}
