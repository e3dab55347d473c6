import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  type CallOptions,
  type DivertStream,
  FairleadError,
  type InterceptRecord,
  type InterceptSpec,
  interceptId,
  type PreflightReport,
  type Service,
  type StreamMetadata,
  type WantedService,
  type Workload,
  type WorkloadKey,
  type WorkloadRef,
} from '@fairlead/core';
import type { IncomingStream, TunnelStream } from '@fairlead/tunnel';
import { EventEmitter } from 'eventemitter3';
import { ChildSession } from './child-session.ts';
import { ClusterView } from './cluster-view.ts';
import { type ExplainedRequest, explainRequest, type RequestExplanation } from './expectations/explain-request.ts';
import { Intercept } from './intercept.ts';
import type { ExchangeOptions, InterceptOptions, WiretapOptions } from './intercept-options.ts';
import { notify } from './notify.ts';
import { parseExchangeWiretap, parseIntercept, parseWiretap } from './parse-intercept.ts';
import type { DryRun, PlanRequest } from './plan.ts';
import { type InterceptedProgram, runInSession } from './programs/run-in-session.ts';
import type { SessionRunOptions } from './programs/run-options.ts';
import { RecordWatch } from './registry/record-watch.ts';
import { type RemoveAgentOptions, requestRemoval, untilAgentless } from './remove-agent.ts';
import { parseServiceAddress } from './services/service-address.ts';
import { type ServiceFetch, serviceFetch } from './services/service-fetch.ts';
import { type ForwardOptions, ServiceForward } from './services/service-forward.ts';
import type { SessionEvents } from './session-events.ts';
import type { SessionIdentity } from './session-identity.ts';
import type { SessionPorts } from './session-ports.ts';
import type { SessionScope } from './session-scope.ts';
import { SessionTunnel } from './tunnel/session-tunnel.ts';
import { readMetadata } from './tunnel/wire.ts';
import { ByteIntake } from './wiretap/byte-intake.ts';
import { ExchangeIntake } from './wiretap/exchange-intake.ts';
import { ExchangeWiretap } from './wiretap/exchange-wiretap.ts';
import type { TapEvent } from './wiretap/tap-event.ts';
import { Wiretap } from './wiretap/wiretap.ts';
import { parseWorkloadReference, type WorkloadReference } from './workload-reference.ts';

/** What a {@link Session} is made of. */
export interface SessionParts {
  readonly ports: SessionPorts;
  readonly identity: SessionIdentity;
  readonly namespace: string;
  /** Gives back what was opened for the session, when it has ended. */
  readonly onClose: () => Promise<void>;
}

/** One connected client. It owns intercepts and wiretaps, which end with it. Made by `connect()`. */
export class Session implements SessionScope {
  /** Unique. Not a secret. */
  readonly id: string;
  /**
   * A value of this session alone, to mark its requests with: send it in a header, or as a baggage member, and match on
   * it. Not a secret.
   */
  readonly key: string;
  /** The namespace that is meant. */
  readonly namespace: string;
  /** What happens to the session and its intercepts. */
  readonly events: EventEmitter<SessionEvents> = new EventEmitter<SessionEvents>();
  /**
   * `fetch` by the names of the cluster's Services, through the tunnel: no VPN, no rights of this machine. Hosts are written
   * as pods write them (`http://cart/`, `http://cart.shop.svc.cluster.local/`), everything else is as usual. Needs and fails
   * as {@link dial}, with `timeout` after five minutes without an answer, and for `https:` with `bad-certificate`.
   */
  readonly fetch: ServiceFetch;
  readonly #parts: SessionParts;
  readonly #view: ClusterView;
  readonly #records: RecordWatch;
  readonly #held = new Map<string, Intercept | Wiretap<unknown>>();
  readonly #forwards = new Set<ServiceForward>();
  readonly #over = new AbortController();
  #tunnel: SessionTunnel | undefined;
  #children = 0;
  #closing: Promise<void> | undefined;

  private constructor(parts: SessionParts) {
    const { identity, namespace, ports } = parts;
    this.id = identity.ref.id;
    this.key = identity.key;
    this.namespace = namespace;
    this.#parts = parts;
    this.#view = new ClusterView(ports, namespace);
    // Every open stream listens to it, and lets go when it ends.
    setMaxListeners(0, this.signal);
    this.fetch = serviceFetch({
      namespace,
      clock: ports.clock,
      signal: this.signal,
      dial: (wanted, signal) => this.#openStream({ kind: 'dial', ...withPort(wanted) }, signal),
    });
    this.#records = new RecordWatch({ registry: ports.interceptRegistry, namespace, ...ports });
  }

  /** @internal Connects the tunnel. Fails with `unreachable`, `forbidden`, `version-skew`, `timeout`. */
  static async open(parts: SessionParts, signal: AbortSignal): Promise<Session> {
    const session = new Session(parts);
    const { ports, identity } = parts;
    session.#tunnel = await SessionTunnel.open(
      {
        transport: ports.tunnelTransport,
        identity,
        clock: ports.clock,
        logger: ports.logger,
        onStream: (incoming) => session.#take(incoming),
        events: {
          interrupted: (error) => session.#interrupted(error),
          resumed: (isSameRelay) => session.#resumed(isSameRelay),
          lost: (error) => session.#lost(error),
        },
      },
      signal,
    );
    return session;
  }

  /** Aborts when the session is closed or lost; the reason says which. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the connection to the relay is up at this moment. */
  get isConnected(): boolean {
    return this.#tunnel?.isUp ?? false;
  }

  /**
   * Which way the tunnel leads to the traffic-manager, in words: `through the proxy of the API server`. Undefined where there is
   * nothing to tell, and while the connection is interrupted.
   */
  get tunnelWay(): string | undefined {
    return this.#tunnel?.way;
  }

  /** What an intercept would do, without doing it. See {@link DryRun}; fails as the intercept would before it begins. */
  async plan(request: PlanRequest): Promise<DryRun> {
    return await this.#view.plan(request);
  }

  /**
   * Takes traffic over, and resolves when every replica sends it here. Fails with `bad-request` or `bad-match` before
   * anything is done; with `conflict` and the holder; with the reason why the workload's agents do not come; or with
   * `timeout`. Whatever was begun is then taken back, also when the signal aborts.
   */
  async intercept(options: InterceptOptions): Promise<Intercept> {
    this.#begin(options);
    const { timeoutMs, removeAgent, ...wanted } = parseIntercept(options, this.namespace);
    const intercept: Intercept = new Intercept({
      ...this.#entryParts(wanted.name),
      ...wanted,
      openApp: (metadata, signal) => this.#openApp(intercept, metadata, signal),
      ...(removeAgent && { afterLeaving: () => this.#removeIfUnused(wanted.spec) }),
      openMisses: (signal) => this.#openStream({ kind: 'misses', intercept: interceptId(intercept) }, signal),
      openEnvironment: (wanted, signal) =>
        this.#openStream({ kind: 'environment', intercept: interceptId(intercept), ...wanted }, signal),
      openFiles: (wanted, signal) =>
        this.#openStream({ kind: 'files', intercept: interceptId(intercept), ...wanted }, signal),
    });
    intercept.events.on('phase', (phase) => this.events.emit('intercept', intercept, phase));
    return await this.#activate(intercept, options, timeoutMs);
  }

  /**
   * Takes traffic over and runs a program that serves it, with the environment of the intercepted container. Each ends with
   * the other. Fails as {@link intercept} and `Intercept.run()` do, and leaves nothing behind then.
   */
  async run(command: readonly string[], options: SessionRunOptions): Promise<InterceptedProgram> {
    return await runInSession((wanted) => this.intercept(wanted), command, options);
  }

  /**
   * Copies HTTP/1 requests with their answers here. Never conflicts, and the traffic does not notice. Fails as
   * {@link intercept} does.
   */
  async wiretap(options: WiretapOptions & ExchangeOptions): Promise<ExchangeWiretap> {
    this.#begin(options);
    const { timeoutMs, intake, ...wanted } = parseExchangeWiretap(options, this.namespace);
    const parts = { ...this.#entryParts(wanted.name), ...wanted, intake: new ExchangeIntake(intake) };
    return await this.#activate(new ExchangeWiretap(parts), options, timeoutMs);
  }

  /** Copies traffic of any kind here, as bytes. Otherwise as {@link wiretap}. */
  async wiretapBytes(options: WiretapOptions): Promise<Wiretap<TapEvent>> {
    this.#begin(options);
    const { timeoutMs, bufferBytes, ...wanted } = parseWiretap(options, this.namespace);
    const parts = { ...this.#entryParts(wanted.name), ...wanted, intake: new ByteIntake(bufferBytes) };
    return await this.#activate(new Wiretap(parts), options, timeoutMs);
  }

  /** Everything that stands in the way of intercepts in this namespace. */
  async preflight(options: CallOptions = {}): Promise<PreflightReport> {
    return await this.#view.preflight(options);
  }

  /** What the intercepts of this session would make of a request. Asks nobody. Fails with `bad-request` on a bad URL. */
  explain(request: ExplainedRequest): RequestExplanation {
    return explainRequest(
      request,
      [...this.#held.values()].filter((held) => held instanceof Intercept),
    );
  }

  /**
   * A byte stream to a port of a Service, through the tunnel: `orders:5432`, `orders.shop:sql`; without a port the only
   * one. Needs an intercept or a wiretap of this session in the Service's namespace. Fails with `bad-request`, `forbidden`,
   * `not-found`, `no-such-port`, `ambiguous-port`, `unsupported`, `target-unreachable`, `timeout`, `connection-lost`, or the
   * signal's reason, which ends the stream at any time of its life.
   */
  async dial(address: string, { signal }: CallOptions = {}): Promise<Duplex> {
    this.#begin(signal ? { signal } : {});
    const wanted = parseServiceAddress(address, this.namespace);
    const either = signal ? AbortSignal.any([signal, this.signal]) : this.signal;
    return await this.#openStream({ kind: 'dial', ...withPort(wanted) }, either);
  }

  /**
   * A local port that leads to a port of a Service, for clients that want a host and a port. Names, needs and failures are
   * those of {@link dial}: what concerns one connection is told to `onFailure`, and its client sees it reset. Fails with
   * `bad-request`, `port-taken`, `closed`, or the signal's reason. Ends with the session.
   */
  async forward(address: string, options: ForwardOptions = {}): Promise<ServiceForward> {
    this.#begin(options);
    const wanted = withPort(parseServiceAddress(address, this.namespace));
    const signal = options.signal ? AbortSignal.any([options.signal, this.signal]) : this.signal;
    const forward = await ServiceForward.open(
      {
        address,
        open: () => this.#reach().beginStream({ kind: 'dial', ...wanted }, this.signal),
        logger: this.#parts.ports.logger,
        onClosed: (closed) => void this.#forwards.delete(closed),
      },
      { ...options, signal },
    );
    this.#forwards.add(forward);
    if (this.#closing) await forward.close();
    this.#begin(options);
    return forward;
  }

  /** A part of this session with a key of its own, for one test of a run. What it holds ends with it. */
  child(): ChildSession {
    this.#begin({});
    this.#children += 1;
    return new ChildSession(this, this.#children);
  }

  /** Every intercept and wiretap of the namespace, whoever holds it, oldest first. */
  async list(options: CallOptions = {}): Promise<readonly InterceptRecord[]> {
    return await this.#view.list(options);
  }

  /**
   * Ends an intercept by its name: one of this session in order, one of somebody else as far as the cluster allows.
   * Ending what is not there succeeds.
   */
  async leave(name: string, options: CallOptions = {}): Promise<void> {
    const own = this.#held.get(interceptId({ namespace: this.namespace, name }));
    if (own) await own.leave();
    else await this.#view.leave(name, options);
  }

  /**
   * Takes the traffic-agent of a workload away: its pods are replaced by pods without one. Resolves when these serve.
   * Needs the right to intercept the workload. Fails with `conflict` and the holder while anybody intercepts it, with
   * `not-found` where there is no agent, `workload-not-found`, `manual-config`, `forbidden`, `timeout`, or the signal's
   * reason.
   */
  async removeAgent(reference: WorkloadReference, options: RemoveAgentOptions = {}): Promise<void> {
    this.#begin(options);
    const signal = options.signal ? AbortSignal.any([options.signal, this.signal]) : this.signal;
    const workload = await this.#requestRemoval(parseWorkloadReference(reference, this.namespace), signal);
    await untilAgentless(workload, this.#parts.ports, { ...options, signal });
  }

  /** The workloads of the namespace, sorted by name and kind. */
  async workloads(options: CallOptions = {}): Promise<readonly Workload[]> {
    return await this.#view.workloads(options);
  }

  /** One workload. Fails with `workload-not-found`, `ambiguous-workload` or `bad-request`. */
  async workload(reference: WorkloadReference, options: CallOptions = {}): Promise<Workload> {
    return await this.#view.workload(reference, options);
  }

  /** The services of the namespace, sorted by name. */
  async services(options: CallOptions = {}): Promise<readonly Service[]> {
    return await this.#view.services(options);
  }

  /** Leaves every intercept, says goodbye and gives everything back. Never rejects; harmless the second time. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#forwards].map((forward) => forward.close()));
    await Promise.all([...this.#held.values()].map((held) => held.leave()));
    this.#over.abort(new FairleadError('closed', 'the session was closed'));
    await this.#records[Symbol.asyncDispose]();
    await this.#tunnel?.close();
    this.events.removeAllListeners();
    try {
      await this.#parts.onClose();
    } catch (error) {
      this.#parts.ports.logger.warn({ error }, 'cluster not closed in order');
    }
  }

  /** Refuses to begin what could not be ended any more. */
  #begin({ signal }: CallOptions): void {
    signal?.throwIfAborted();
    if (this.#closing) throw new FairleadError('closed', 'the session was closed');
    this.signal.throwIfAborted();
  }

  async #requestRemoval(reference: WorkloadRef, signal?: AbortSignal): Promise<WorkloadKey> {
    const { ports, identity } = this.#parts;
    const parts = { ports, records: this.#records, session: identity.ref };
    return await requestRemoval(reference, parts, signal && { signal });
  }

  /** Asked for by whoever leaves; others who stay, and an agent that is gone already, are no failure. */
  async #removeIfUnused({ workload }: InterceptSpec): Promise<void> {
    try {
      await this.#requestRemoval(workload);
    } catch (error) {
      const isExpected = error instanceof FairleadError && ['conflict', 'not-found'].includes(error.code);
      if (!isExpected) this.#parts.ports.logger.warn({ error }, 'agent not removed');
    }
  }

  #entryParts(name: string) {
    const { namespace } = this;
    const { ports, identity } = this.#parts;
    return {
      namespace,
      session: identity.ref,
      registry: ports.interceptRegistry,
      records: this.#records,
      clock: ports.clock,
      logger: ports.logger,
      onEnd: () => void this.#held.delete(interceptId({ namespace, name })),
    };
  }

  async #activate<Held extends Intercept | Wiretap<unknown>>(
    held: Held,
    { signal, onProgress }: InterceptOptions | WiretapOptions,
    timeoutMs: number,
  ): Promise<Held> {
    const id = interceptId(held);
    if (this.#held.has(id))
      throw new FairleadError('bad-request', `this session has an intercept ${held.name} already`);
    this.#held.set(id, held);
    const either = signal ? AbortSignal.any([signal, this.signal]) : this.signal;
    await held.activate({ timeoutMs, onProgress, signal: either });
    return held;
  }

  /** A stream of the relay. Must not throw: it is called from inside the tunnel. */
  #take(incoming: IncomingStream): void {
    const metadata = readMetadata(incoming.metadata);
    const held = metadata && 'intercept' in metadata ? this.#held.get(metadata.intercept) : undefined;
    if (metadata?.kind === 'divert' && held instanceof Intercept) held.take(incoming, metadata);
    else if (metadata?.kind === 'tap' && held instanceof Wiretap) held.take(incoming, metadata);
    else incoming.refuse('refused', 'not-found: this session has no such intercept');
  }

  async #openApp(intercept: Intercept, { agent, containerPort }: DivertStream, signal: AbortSignal) {
    return await this.#openStream(
      { kind: 'passthrough', intercept: interceptId(intercept), agent, containerPort },
      signal,
    );
  }

  async #openStream(metadata: StreamMetadata, signal: AbortSignal): Promise<TunnelStream> {
    return await this.#reach().openStream(metadata, signal);
  }

  #reach(): SessionTunnel {
    if (!this.#tunnel) throw new FairleadError('connection-lost', 'the session is not connected');
    return this.#tunnel;
  }

  #interrupted(error: FairleadError): void {
    for (const held of this.#held.values()) held.connectionLost();
    notify(() => this.events.emit('interrupted', error));
  }

  #resumed(isSameRelay: boolean): void {
    for (const held of this.#held.values()) held.connectionBack(isSameRelay);
    notify(() => this.events.emit('resumed'));
  }

  #lost(error: FairleadError): void {
    this.#over.abort(error);
    for (const held of this.#held.values()) held.fail(error);
    notify(() => this.events.emit('lost', error));
  }
}

function withPort({ namespace, service, port }: WantedService) {
  return { namespace, service, ...(port !== undefined && { port }) };
}
