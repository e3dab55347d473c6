import type { Duplex } from 'node:stream';
import {
  type CallOptions,
  type Clock,
  type DivertStream,
  FairleadError,
  formatMatch,
  formatWorkload,
  type InterceptPhase,
  type InterceptSpec,
  type InterceptStatus,
  interceptId,
  type SelectedConnection,
  type SessionRef,
} from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { EventEmitter } from 'eventemitter3';
import { askEnvironment, type OpenEnvironment } from './environment/ask-environment.ts';
import { environmentOf } from './environment/environment-of.ts';
import type { EnvironmentOptions, InterceptEnvironment } from './environment/intercept-environment.ts';
import type { Call, CallRequest } from './expectations/call.ts';
import { CallLog } from './expectations/call-log.ts';
import { MissInquiry, type OpenMisses } from './expectations/miss-inquiry.ts';
import { NoTrafficError } from './expectations/no-traffic-error.ts';
import type { OpenFiles } from './files/attach-files.ts';
import { type FilesOptions, InterceptFiles } from './files/intercept-files.ts';
import type { RemoteFiles } from './files/remote-files.ts';
import type { InterceptEvents } from './intercept-events.ts';
import type { FilesMount, MountOptions } from './mount/files-mount.ts';
import { notify } from './notify.ts';
import type { WantedPort } from './parse-intercept.ts';
import { InterceptPrograms } from './programs/intercept-programs.ts';
import type { RunOptions } from './programs/run-options.ts';
import type { RunningProgram } from './programs/running-program.ts';
import { type ActivationOptions, RegistryEntry, type RegistryEntryParts } from './registry/registry-entry.ts';
import { timeLimit } from './time-limit.ts';
import { DivertedTraffic, type TrafficCounters } from './traffic/diverted-traffic.ts';

/** What an {@link Intercept} is made of. */
export interface InterceptParts extends RegistryEntryParts {
  readonly namespace: string;
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly session: SessionRef;
  readonly ports: readonly WantedPort[];
  /** Whether handlers' answers name the intercept. */
  readonly servedByHeader: boolean;
  /** How many requests the handler may answer; undefined: all. */
  readonly budget: CallBudget | undefined;
  readonly clock: Clock;
  /** Opens a stream to the app that a diverted stream was meant for. */
  readonly openApp: (metadata: DivertStream, signal: AbortSignal) => Promise<Duplex>;
  /** Opens the stream on which agents tell what did not match. */
  readonly openMisses: OpenMisses;
  /** Opens a stream to an agent that tells an environment. */
  readonly openEnvironment: OpenEnvironment;
  /** Opens a stream to an agent that shares files. */
  readonly openFiles: OpenFiles;
  /** Called once, when an intercept that was active has been left. Must not reject. */
  readonly afterLeaving?: () => Promise<void>;
  /** Called once, when the intercept has ended in whatever way. */
  readonly onEnd: () => void;
}

/** Options of {@link Intercept.leave}. */
export interface LeaveOptions {
  /**
   * How long connections and requests that are open may take to end, in milliseconds; then they are cut. Default 5 000,
   * and 0 with `toggle: 'cut'`.
   */
  readonly graceMs?: number | undefined;
}

/** Options of {@link Intercept.next}. */
export interface NextOptions extends CallOptions {
  /** How long to wait, in milliseconds. Default 5 000. */
  readonly timeout?: number | undefined;
  /** Only a request for which this is true; others stay for later. */
  readonly where?: ((request: CallRequest) => boolean) | undefined;
}

/** How many requests a handler may answer. */
export interface CallBudget {
  readonly most: number;
  /** Answered, or being answered. */
  readonly used: number;
  readonly isSpent: boolean;
}

/** How many agents serve an intercept. */
export interface Replicas {
  /** Agents that have acknowledged it. */
  readonly ready: number;
  /** Ready pods of the workload. */
  readonly total: number;
}

/** Traffic that comes here instead of to its workload. Made by `session.intercept()`. */
export class Intercept implements AsyncDisposable {
  /** Its name in the namespace. */
  readonly name: string;
  /** Its namespace. */
  readonly namespace: string;
  /** What was asked for. */
  readonly spec: InterceptSpec;
  /** What happens to it. */
  readonly events: EventEmitter<InterceptEvents> = new EventEmitter<InterceptEvents>();
  readonly #parts: InterceptParts;
  readonly #entry: RegistryEntry;
  readonly #traffic: DivertedTraffic;
  readonly #calls: CallLog;
  readonly #misses: MissInquiry | undefined;
  readonly #programs: InterceptPrograms;
  readonly #files: InterceptFiles;
  #phase: InterceptPhase = 'requested';
  #wasActive = false;
  /** Why a port that it turned out to be cannot be served. */
  #unserved: FairleadError | undefined;
  #leaving: Promise<void> | undefined;

  /** @internal Intercepts are made by `session.intercept()`. */
  constructor(parts: InterceptParts) {
    const { name, namespace, spec, session, ports, clock, openApp, openMisses } = parts;
    this.name = name;
    this.namespace = namespace;
    this.spec = spec;
    this.#parts = parts;
    this.#entry = new RegistryEntry({ namespace, name, spec, session }, parts, {
      changed: (status) => this.#changed(status),
      lost: (error) => this.#lost(error),
    });
    this.#calls = new CallLog(clock, (call) => notify(() => this.events.emit('call', call)));
    this.#misses = spec.match && new MissInquiry(openMisses, clock);
    this.#files = new InterceptFiles({
      intercept: name,
      open: parts.openFiles,
      clock,
      container: () => this.connections[0]?.container,
    });
    this.#programs = new InterceptPrograms({ ports, environment: (options) => this.env(options) });
    this.#traffic = new DivertedTraffic({
      intercept: name,
      ports,
      calls: this.#calls,
      marks: { servedBy: parts.servedByHeader, noStore: spec.match !== undefined },
      clock,
      openApp,
      events: {
        targetUnreachable: (error) => notify(() => this.events.emit('target-unreachable', error)),
        handlerFailed: (failure) => notify(() => this.events.emit('handler-failed', failure)),
      },
    });
  }

  /** Where it stands, as the control plane last said; `released` once it was left or lost. */
  get phase(): InterceptPhase {
    return this.#phase;
  }

  /** The connections that the wanted ports turned out to be. */
  get connections(): readonly SelectedConnection[] {
    return this.#entry.status?.connections ?? [];
  }

  /** How many agents serve it. */
  get replicas(): Replicas {
    return this.#entry.status?.replicas ?? { ready: 0, total: 0 };
  }

  /** What came so far, in numbers. */
  get counters(): TrafficCounters {
    return this.#traffic.counters;
  }

  /** How many requests the handler may answer and has answered; undefined without `times`. */
  get budget(): CallBudget | undefined {
    return this.#parts.budget;
  }

  /** The last 1 000 requests, oldest first: all for a handler; for a local server those that a match has told apart. */
  calls(): readonly Call[] {
    return this.#calls.all();
  }

  /**
   * The next of the {@link calls} that was not waited for yet: one that came already, or the first to come. Fails with
   * {@link NoTrafficError}, which tells what came instead and what match would have taken it; with the reason why the
   * intercept ended; with `unsupported` when nothing but datagrams can come; or with the signal's reason.
   */
  async next({ timeout = 5_000, where = () => true, signal }: NextOptions = {}): Promise<Call> {
    if (!(timeout >= 0))
      throw new FairleadError('bad-request', `timeout is ${timeout}, not a time`, { phase: 'input' });
    if (this.connections.length > 0 && this.connections.every(({ protocol }) => protocol === 'UDP')) {
      throw new FairleadError('unsupported', 'datagrams are no requests that could be waited for', {
        phase: 'input',
        hint: 'Wait for datagrams in onDatagram.',
      });
    }
    const late = new FairleadError('timeout', `no request in ${timeout} ms`);
    using limit = timeLimit(this.#parts.clock, timeout, () => late, signal);
    try {
      return await this.#calls.next(where, limit.signal);
    } catch (error) {
      throw error === late ? await this.#noTraffic(timeout) : error;
    }
  }

  /**
   * The environment of the intercepted container, within what cluster and pod allow. Fails with `not-found` when there is
   * no such container, `timeout` when no agent answers, `forbidden`, `connection-lost`, or the signal's reason.
   */
  async env(options: EnvironmentOptions = {}): Promise<InterceptEnvironment> {
    options.signal?.throwIfAborted();
    const container = options.container ?? this.connections[0]?.container;
    if (container === undefined || this.#leaving)
      throw new FairleadError('closed', `intercept ${this.name} is not active`, { phase: 'serve' });
    const { openEnvironment, clock } = this.#parts;
    const { chosen, told } = await askEnvironment(openEnvironment, clock, container, options);
    return environmentOf(interceptId(this), chosen, told, options.root);
  }

  /**
   * Runs a program with the environment of the intercepted container above that of this process, but for what tells about
   * this machine, like `PATH` and `HOME`. `PORT` is the local port that gets the traffic, unless it is set. The program
   * ends with the intercept. Fails as {@link env}, and with `bad-request` when it cannot be started.
   */
  async run(command: readonly string[], options: RunOptions = {}): Promise<RunningProgram> {
    return await this.#programs.run(command, options);
  }

  /**
   * The files of the intercepted container's volumes, at the paths where its app sees them. See {@link RemoteFiles}. Throws
   * `closed` when the intercept is not active.
   */
  get files(): RemoteFiles {
    return this.filesOf();
  }

  /** As {@link files}, of a container or a pod that is named. */
  filesOf(options: FilesOptions = {}): RemoteFiles {
    return this.#files.of(options);
  }

  /**
   * Makes the volumes of the intercepted container a directory of this machine, read-only unless `writable`. It takes Linux
   * with FUSE and `sshfs`. The directory is empty or not there yet; it is unmounted when the intercept ends. Fails with
   * `mount-unavailable`, `mount-failed`, `timeout`, `not-found` when there is no such container, or the signal's reason.
   */
  async mount(directory: string, options: MountOptions = {}): Promise<FilesMount> {
    return await this.#files.mount(directory, options);
  }

  /**
   * Gives the traffic back. New requests go to the app from now on; those under way are finished, within limits. Never
   * rejects and may be called at any time and again: what cannot be undone now ends with the session's lease.
   */
  leave({ graceMs = this.spec.toggle === 'cut' ? 0 : 5_000 }: LeaveOptions = {}): Promise<void> {
    this.#leaving ??= this.#leave(graceMs);
    return this.#leaving;
  }

  /** As {@link leave}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** @internal Resolves when it is active; fails and leaves nothing behind otherwise. */
  async activate(options: ActivationOptions): Promise<void> {
    try {
      await this.#entry.activate(options);
      if (this.#unserved) throw this.#unserved;
      this.#wasActive = true;
      // From here on agents remember what does not match, so that a wait that comes later can be told.
      if (this.#hasHandler) await this.#misses?.report();
    } catch (error) {
      await this.leave({ graceMs: 0 });
      throw error;
    }
  }

  /** @internal Takes a stream that the relay offers. */
  take(incoming: IncomingStream, metadata: DivertStream): void {
    void this.#traffic.take(incoming, metadata);
  }

  /** @internal The session's connection is gone. */
  connectionLost(): void {
    this.#entry.connectionLost();
  }

  /** @internal The session is connected anew. */
  connectionBack(isSameRelay: boolean): void {
    this.#entry.connectionBack(isSameRelay);
    if (this.#hasHandler) void this.#misses?.report();
  }

  /** @internal The session is lost, and with it this. */
  fail(error: FairleadError): void {
    this.#entry.fail(error);
  }

  get #hasHandler(): boolean {
    return this.#parts.ports.some(({ server }) => !('to' in server) && server.handler !== undefined);
  }

  async #noTraffic(timeoutMs: number): Promise<FairleadError> {
    const { match, workload } = this.spec;
    const what = match ? `request with ${formatMatch(match)}` : 'request';
    const seen = await this.#misses?.report();
    return new NoTrafficError(`no ${what} came to ${formatWorkload(workload)} in ${timeoutMs} ms`, seen);
  }

  async #leave(graceMs: number): Promise<void> {
    this.#traffic.close();
    this.#calls.end(new FairleadError('closed', `intercept ${this.name} was left`, { phase: 'serve' }));
    this.#misses?.[Symbol.dispose]();
    await Promise.all([this.#entry.remove(), this.#traffic.drain(graceMs)]);
    // Last, for they may have served what was under way.
    await this.#programs.stop();
    await this.#files.end();
    if (this.#wasActive) await this.#parts.afterLeaving?.();
    this.#enter('released', new Date(this.#parts.clock.now()));
    this.#parts.onEnd();
    this.events.removeAllListeners();
  }

  #changed(status: InterceptStatus): void {
    if (status.connections) this.#unserved = this.#traffic.connect(status.connections);
    if (this.#unserved) this.#entry.fail(this.#unserved);
    this.#enter(status.phase, new Date(status.since));
  }

  #lost(error: FairleadError): void {
    this.#calls.end(error);
    this.#enter('released', new Date(this.#parts.clock.now()));
    notify(() => this.events.emit('lost', error));
    void this.leave();
  }

  #enter(phase: InterceptPhase, since: Date): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    notify(() => this.events.emit('phase', phase, since));
  }
}
