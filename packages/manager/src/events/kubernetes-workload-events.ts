import { randomBytes } from 'node:crypto';
import {
  type CallOptions,
  type Clock,
  entryName,
  FairleadError,
  formatWorkload,
  type Logger,
  type Metrics,
  type Workload,
  type WorkloadKey,
} from '@fairlead/core';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';
import { EventBudget, type EventLimits } from './event-budget.ts';
import type { WorkloadEvent, WorkloadEvents } from './workload-event.ts';

/** What {@link KubernetesWorkloadEvents} works with. */
export interface KubernetesWorkloadEventsParts {
  readonly events: Pick<ObjectClient<KubernetesObject>, 'create'>;
  /** Finds the workload that an event is about: `kubectl describe` looks for its uid. */
  readonly find: (workload: WorkloadKey, options: CallOptions) => Promise<Workload>;
  /** Who tells: the name of this pod. */
  readonly reporter: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly limits?: EventLimits;
}

/** So many are on their way at most; more are left out. */
const maxWaiting = 200;
const callMs = 10_000;
const maxMessageLength = 1_000;

/** Writes events on workloads, one after the other. What cannot be written is counted, and forgotten. */
export class KubernetesWorkloadEvents implements WorkloadEvents, AsyncDisposable {
  readonly #parts: KubernetesWorkloadEventsParts;
  readonly #budget: EventBudget;
  readonly #stop = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(parts: KubernetesWorkloadEventsParts) {
    this.#parts = parts;
    this.#budget = new EventBudget(parts.clock, parts.limits);
  }

  record(event: WorkloadEvent): void {
    const subject = `${event.workload.namespace}/${entryName(event.workload)}`;
    if (this.#stop.signal.aborted || this.#waiting >= maxWaiting || !this.#budget.take(subject)) {
      this.#parts.metrics?.count('fairlead_events_left_out_total');
      return;
    }
    const at = this.#parts.clock.now();
    this.#waiting += 1;
    this.#queue = this.#queue.then(async () => {
      await this.#tryToWrite(event, at);
      this.#waiting -= 1;
    });
  }

  /** Resolves when everything that was recorded is written, or cannot be. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  /** Lets what is on its way arrive, for a moment. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = this.#parts.clock.after(1_000, () => this.#stop.abort(new FairleadError('closed', 'no more events')));
    await this.#queue;
    timer[Symbol.dispose]();
    this.#stop.abort(new FairleadError('closed', 'no more events'));
  }

  async #tryToWrite(event: WorkloadEvent, at: number): Promise<void> {
    const { logger, metrics } = this.#parts;
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(callMs)]);
      await this.#write(event, at, signal);
    } catch (error) {
      metrics?.count('fairlead_events_left_out_total');
      logger.debug({ workload: formatWorkload(event.workload), reason: event.reason, error }, 'event was not written');
    }
  }

  async #write({ workload, type, reason, message }: WorkloadEvent, at: number, signal: AbortSignal): Promise<void> {
    const { events, find, reporter } = this.#parts;
    const { namespace, kind, name } = workload;
    const { uid } = await find(workload, { signal });
    const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
    const event = {
      metadata: { namespace, name: `${name}.${at.toString(16)}${randomBytes(4).toString('hex')}` },
      involvedObject: { apiVersion: 'apps/v1', kind, namespace, name, uid },
      type,
      reason,
      message: message.slice(0, maxMessageLength),
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      source: { component: 'fairlead' },
      reportingComponent: 'fairlead.dev/traffic-manager',
      reportingInstance: reporter,
    };
    await events.create(event, { namespace }, { signal });
  }
}
