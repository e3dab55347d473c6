import { FairleadError } from '../errors.ts';
import { isServed } from '../lifecycle/intercept-state.ts';
import { type SessionIdentity, sessionKey } from '../lifecycle/reduce-sessions.ts';
import { CachedAgentImageSource } from '../memory/cached-agent-image-source.ts';
import { SilentLogger } from '../memory/memory-logger.ts';
import { type InterceptRecord, interceptId } from '../model/intercept.ts';
import { entryName, type WorkloadKey } from '../model/workload.ts';
import type { ConfigChange } from '../ports/agent-config-store.ts';
import type { FleetEvent } from '../ports/agent-fleet.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { InterceptChange } from '../ports/intercept-registry.ts';
import type { ClusterChange } from '../ports/workload-resolver.ts';
import type { ControlContext } from './control-context.ts';
import { type ControlPlaneOptions, type ControlPlanePorts, controlPlaneDefaults } from './control-plane-options.ts';
import { Intake } from './intake.ts';
import { PortCalls } from './port-calls.ts';
import { SessionDesk } from './session-desk.ts';
import { SessionEndings } from './session-endings.ts';
import { type SourceListener, watchSources } from './watch-sources.ts';
import { WorkQueue } from './work-queue.ts';
import { WorkloadControl } from './workload-control.ts';
import { isSameIntercept } from './write-status.ts';

/** Whose an intercept is, and which workload's traffic it may get. */
export interface InterceptOwner {
  readonly workload: WorkloadKey;
  readonly sessionId: string;
  readonly fingerprint: string;
}

interface Known {
  record: InterceptRecord;
  /** Where it is worked on; undefined while its workload is looked up, and when it has ended. */
  control: WorkloadControl | undefined;
}

/**
 * Carries out what intercepts ask for: watches the registry, the cluster, the stored configs and the agents of its
 * namespaces, and brings each workload where its intercepts want it. What it remembers it has seen; started anew, it
 * takes over what is there without touching a pod.
 */
export class ControlPlane implements AsyncDisposable {
  readonly #context: ControlContext;
  readonly #known = new Map<string, Known>();
  readonly #controls = new Map<string, WorkloadControl>();
  readonly #sessions: SessionDesk;
  readonly #intake: Intake;
  readonly #workloads: WorkQueue;
  readonly #endings: SessionEndings;
  readonly #stop: AbortController = new AbortController();
  #running: Promise<void> | undefined;

  /** Touches nothing before {@link run}. */
  constructor(ports: ControlPlanePorts, options: ControlPlaneOptions) {
    const { clock, logger = new SilentLogger() } = ports;
    const settings = { ...controlPlaneDefaults, ...options };
    let epoch = clock.now();
    this.#sessions = new SessionDesk({
      clock,
      leaseMs: settings.leaseMs,
      onEnded: (session) => this.#endings.add(session),
      onTurned: (session) => this.#wakeSession(session),
    });
    this.#context = {
      ports: { ...ports, agentImageSource: new CachedAgentImageSource(ports.agentImageSource) },
      options,
      limits: { agentArrivalMs: settings.agentArrivalTimeoutMs, patienceMs: settings.causePatienceMs },
      calls: new PortCalls(clock, settings.callTimeoutMs),
      logger,
      nextEpoch: () => ++epoch,
      isSessionUp: ({ id, fingerprint }) => this.#sessions.isUp({ sessionId: id, fingerprint }),
    };
    this.#intake = new Intake(
      this.#context,
      (record, workload) => this.#place(record, workload),
      (workload) => this.#controls.get(idOf(workload))?.ledger.holder,
    );
    this.#workloads = new WorkQueue({
      clock,
      handle: (id, signal) => this.#reconcile(id, signal),
      onFailure: (workload, error, retryMs) => logger.warn({ workload, error, retryMs }, 'a workload has to wait'),
    });
    this.#endings = new SessionEndings({
      context: this.#context,
      leaseMs: settings.leaseMs,
      heldBy: (session) =>
        [...this.#known.values()]
          .map(({ record }) => record)
          .filter((record) => sessionKey(identityOf(record)) === session),
      await: (session) => this.#sessions.note({ type: 'awaited', ...session }),
    });
  }

  /** Works until the signal aborts or it is disposed; resolves when nothing is under way any more. Once only. */
  async run(options: CallOptions = {}): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#running || this.#stop.signal.aborted) {
      throw new FairleadError('bad-request', 'a control plane can be run once');
    }
    const stop = (): void => this.#stop.abort(new Error('the control plane stops'));
    signal?.addEventListener('abort', stop, { once: true });
    this.#running = watchSources(this.#context, this.#listener(), this.#stop.signal).then(() => this.#end());
    try {
      await this.#running;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Whose intercept this is, while agents are told to serve it; by the id that stands in their routes. */
  interceptOwner(id: string): InterceptOwner | undefined {
    const known = this.#known.get(id);
    const state = known?.control?.ledger.find(id)?.state;
    if (!known || !state || !isServed(state)) return undefined;
    const { session } = known.record;
    return { workload: state.plan.workload, sessionId: session.id, fingerprint: session.fingerprint };
  }

  /** Whether the session has an intercept or a wiretap in this namespace that agents are told to serve. */
  holdsIn(namespace: string, session: Pick<InterceptOwner, 'sessionId' | 'fingerprint'>): boolean {
    for (const [id, { record }] of this.#known) {
      if (record.namespace !== namespace || sessionKey(identityOf(record)) !== sessionKey(session)) continue;
      if (this.interceptOwner(id)) return true;
    }
    return false;
  }

  /** Stops, and resolves when nothing is under way any more. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the control plane stops'));
    await (this.#running ?? this.#end());
  }

  async #end(): Promise<void> {
    this.#sessions[Symbol.dispose]();
    await Promise.all([this.#intake, this.#workloads, this.#endings].map((part) => part[Symbol.asyncDispose]()));
    await Promise.all([...this.#controls.values()].map((control) => control[Symbol.asyncDispose]()));
    this.#controls.clear();
    this.#known.clear();
  }

  #listener(): SourceListener {
    return {
      onIntercept: (change) => this.#onIntercept(change),
      onConfig: (change) => this.#onConfig(change),
      onCluster: (change) => this.#onCluster(change),
      onFleet: (event) => this.#onFleet(event),
      onInterceptGap: (namespace, signal) => this.#forgetDeleted(namespace, signal),
      onClusterGap: (namespace) => this.#lookAgain(namespace),
      onFleetGap: () => this.#sessions.loseAll(),
    };
  }

  #onIntercept({ type, record }: InterceptChange): void {
    const id = interceptId(record);
    const known = this.#known.get(id);
    const isKnown = known !== undefined && isSameIntercept(known.record, record);
    if (type === 'deleted') {
      if (isKnown) this.#forget(id);
      return;
    }
    if (isKnown) {
      known.record = record;
      known.control?.ledger.put(record);
      return;
    }
    if (known) this.#forget(id);
    this.#known.set(id, { record, control: undefined });
    this.#sessions.note({ type: 'awaited', ...identityOf(record) });
    if (!hasEnded(record)) this.#intake.add(record);
  }

  #onConfig(change: ConfigChange): void {
    const key = change.type === 'stored' ? change.entry.key : change.key;
    const control = change.type === 'stored' ? this.#controlOf(key) : this.#controls.get(idOf(key));
    control?.noteChange('entry');
  }

  #onCluster(change: ClusterChange): void {
    if (change.kind === 'service') {
      for (const control of this.#controls.values()) {
        if (control.key.namespace === change.namespace) control.noteChange('services');
      }
      return;
    }
    this.#controls.get(idOf(change.workload))?.noteChange(change.kind, 'pods');
  }

  #onFleet(event: FleetEvent): void {
    switch (event.type) {
      case 'agent-arrived':
        if (this.#context.options.namespaces.includes(event.agent.workload.namespace)) {
          this.#controlOf(event.agent.workload).noteChange();
        }
        return;
      case 'agent-gone':
        this.#controls.get(idOf(event.agent.workload))?.noteChange();
        return;
      case 'session-seen':
        this.#sessions.note({ ...event, type: 'seen' });
        return;
      case 'session-lost':
        this.#sessions.note({ ...event, type: 'lost' });
        return;
      case 'session-left':
        this.#sessions.note({ ...event, type: 'left' });
        return;
    }
  }

  #place(record: InterceptRecord, workload: WorkloadKey): void {
    const known = this.#known.get(interceptId(record));
    if (!known) return;
    known.control = this.#controlOf(workload);
    known.control.ledger.put(known.record);
    known.control.noteChange('workload', 'services', 'pods', 'entry');
  }

  #forget(id: string): void {
    const known = this.#known.get(id);
    this.#known.delete(id);
    this.#intake.remove(id);
    known?.control?.ledger.markGone(id);
    known?.control?.noteChange();
  }

  async #forgetDeleted(namespace: string, signal: AbortSignal): Promise<void> {
    const { ports, calls } = this.#context;
    const listed = await calls.make('list the intercepts', signal, (limited) =>
      ports.interceptRegistry.list(namespace, { signal: limited }),
    );
    for (const [id, { record }] of this.#known) {
      if (record.namespace !== namespace) continue;
      if (!listed.some((present) => isSameIntercept(present, record))) this.#forget(id);
    }
  }

  #lookAgain(namespace: string): void {
    for (const control of this.#controls.values()) {
      if (control.key.namespace === namespace) control.noteChange('workload', 'services', 'pods', 'entry');
    }
  }

  #controlOf(key: WorkloadKey): WorkloadControl {
    const id = idOf(key);
    const present = this.#controls.get(id);
    if (present) return present;
    const { namespace, kind, name } = key;
    const control = new WorkloadControl({ namespace, kind, name }, this.#context, () => this.#workloads.add(id));
    this.#controls.set(id, control);
    return control;
  }

  async #reconcile(id: string, signal: AbortSignal): Promise<void> {
    const control = this.#controls.get(id);
    await control?.reconcile(signal);
    if (!control?.isIdle) return;
    this.#controls.delete(id);
    await control[Symbol.asyncDispose]();
  }

  #wakeSession(session: SessionIdentity): void {
    for (const { record, control } of this.#known.values()) {
      if (sessionKey(identityOf(record)) === sessionKey(session)) control?.noteChange();
    }
  }
}

function idOf(key: WorkloadKey): string {
  return `${key.namespace}/${entryName(key)}`;
}

function identityOf({ session }: InterceptRecord): SessionIdentity {
  return { sessionId: session.id, fingerprint: session.fingerprint };
}

function hasEnded({ status }: InterceptRecord): boolean {
  return status.phase === 'released' || status.phase === 'refused' || status.phase === 'failed';
}
