import type { Duplex } from 'node:stream';
import type {
  Clock,
  DivertStream,
  FairleadError,
  InterceptPhase,
  InterceptSpec,
  InterceptStatus,
  SelectedConnection,
  SessionRef,
} from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { EventEmitter } from 'eventemitter3';
import type { InterceptEvents } from './intercept-events.ts';
import { notify } from './notify.ts';
import type { WantedPort } from './parse-intercept.ts';
import { type ActivationOptions, RegistryEntry, type RegistryEntryParts } from './registry/registry-entry.ts';
import { DivertedTraffic, type TrafficCounters } from './traffic/diverted-traffic.ts';

/** What an {@link Intercept} is made of. */
export interface InterceptParts extends RegistryEntryParts {
  readonly namespace: string;
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly session: SessionRef;
  readonly ports: readonly WantedPort[];
  readonly clock: Clock;
  /** Opens a stream to the app that a diverted stream was meant for. */
  readonly openApp: (metadata: DivertStream, signal: AbortSignal) => Promise<Duplex>;
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
  #phase: InterceptPhase = 'requested';
  #leaving: Promise<void> | undefined;

  /** @internal Intercepts are made by `session.intercept()`. */
  constructor(parts: InterceptParts) {
    const { name, namespace, spec, session, ports, clock, openApp } = parts;
    this.name = name;
    this.namespace = namespace;
    this.spec = spec;
    this.#parts = parts;
    this.#entry = new RegistryEntry({ namespace, name, spec, session }, parts, {
      changed: (status) => this.#changed(status),
      lost: (error) => this.#lost(error),
    });
    this.#traffic = new DivertedTraffic({
      intercept: name,
      ports,
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

  /** What came so far. */
  calls(): TrafficCounters {
    return this.#traffic.counters;
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
    } catch (error) {
      await this.leave({ graceMs: 0 });
      throw error;
    }
  }

  /** @internal Takes a stream that the relay offers. */
  take(incoming: IncomingStream, metadata: DivertStream): void {
    void this.#traffic.take(incoming, metadata);
  }

  /** @internal The session is lost, and with it this. */
  fail(error: FairleadError): void {
    this.#entry.fail(error);
  }

  async #leave(graceMs: number): Promise<void> {
    this.#traffic.close();
    await Promise.all([this.#entry.remove(), this.#traffic.drain(graceMs)]);
    this.#enter('released', new Date(this.#parts.clock.now()));
    this.#parts.onEnd();
    this.events.removeAllListeners();
  }

  #changed(status: InterceptStatus): void {
    if (status.connections) this.#traffic.connect(status.connections);
    this.#enter(status.phase, new Date(status.since));
  }

  #lost(error: FairleadError): void {
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
