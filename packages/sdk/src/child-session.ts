import type { Duplex } from 'node:stream';
import { type CallOptions, FairleadError, type InterceptRecord } from '@fairlead/core';
import { type ExplainedRequest, explainRequest, type RequestExplanation } from './expectations/explain-request.ts';
import { Intercept } from './intercept.ts';
import type { ExchangeOptions, InterceptOptions, WiretapOptions } from './intercept-options.ts';
import { type InterceptedProgram, runInSession } from './programs/run-in-session.ts';
import type { SessionRunOptions } from './programs/run-options.ts';
import type { ServiceFetch } from './services/service-fetch.ts';
import type { ForwardOptions, ServiceForward } from './services/service-forward.ts';
import type { SessionScope } from './session-scope.ts';
import type { ExchangeWiretap } from './wiretap/exchange-wiretap.ts';
import type { TapEvent } from './wiretap/tap-event.ts';
import type { Wiretap } from './wiretap/wiretap.ts';

type Held = Intercept | Wiretap<unknown>;

/**
 * A part of a session, for one test of a run: it has a key of its own, and what it holds ends with it. The connection
 * is the session's, so making one costs nothing. Made by `session.child()`.
 */
export class ChildSession implements SessionScope {
  readonly key: string;
  readonly namespace: string;
  readonly #parent: SessionScope;
  readonly #held = new Set<Held>();
  readonly #names = new Set<string>();
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #children = 0;
  #closing: Promise<void> | undefined;

  /** @internal Children are made by `session.child()`. */
  constructor(parent: SessionScope, number: number) {
    this.#parent = parent;
    this.key = `${parent.key}.${number}`;
    this.namespace = parent.namespace;
    this.#signal = AbortSignal.any([parent.signal, this.#over.signal]);
  }

  /** Aborts when this or the session ends; the reason says why. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** The names of everything that it ever held. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** As of the session; ends with this child. */
  async intercept(options: InterceptOptions): Promise<Intercept> {
    return await this.#hold(this.#parent.intercept(this.#within(options)));
  }

  /** As of the session; ends with this child. */
  async run(command: readonly string[], options: SessionRunOptions): Promise<InterceptedProgram> {
    return await runInSession((wanted) => this.intercept(wanted), command, this.#within(options));
  }

  /** As of the session; ends with this child. */
  async wiretap(options: WiretapOptions & ExchangeOptions): Promise<ExchangeWiretap> {
    return await this.#hold(this.#parent.wiretap(this.#within(options)));
  }

  /** As of the session; ends with this child. */
  async wiretapBytes(options: WiretapOptions): Promise<Wiretap<TapEvent>> {
    return await this.#hold(this.#parent.wiretapBytes(this.#within(options)));
  }

  /** As of the session. */
  async list(options: CallOptions = {}): Promise<readonly InterceptRecord[]> {
    return await this.#parent.list(options);
  }

  /** As of the session. */
  get fetch(): ServiceFetch {
    return this.#parent.fetch;
  }

  /** As of the session. */
  async dial(address: string, options: CallOptions = {}): Promise<Duplex> {
    return await this.#parent.dial(address, this.#within(options));
  }

  /** As of the session; ends with this child. */
  async forward(address: string, options: ForwardOptions = {}): Promise<ServiceForward> {
    return await this.#parent.forward(address, this.#within(options));
  }

  /** What the intercepts of this child would make of a request. */
  explain(request: ExplainedRequest): RequestExplanation {
    return explainRequest(
      request,
      [...this.#held].filter((held) => held instanceof Intercept && held.phase !== 'released') as Intercept[],
    );
  }

  /** A child of this child. */
  child(): ChildSession {
    this.#children += 1;
    return new ChildSession(this, this.#children);
  }

  /** Leaves what it holds; the session goes on. Never rejects; harmless the second time. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#over.abort(new FairleadError('closed', 'the child session was closed'));
    await Promise.all([...this.#held].map((held) => held.leave()));
    this.#held.clear();
  }

  #within<Options extends { readonly signal?: AbortSignal | undefined }>(options: Options): Options {
    this.#signal.throwIfAborted();
    return { ...options, signal: options.signal ? AbortSignal.any([options.signal, this.#signal]) : this.#signal };
  }

  async #hold<Some extends Held>(activating: Promise<Some>): Promise<Some> {
    const held = await activating;
    this.#held.add(held);
    this.#names.add(held.name);
    for (const other of this.#held) if (other.phase === 'released') this.#held.delete(other);
    if (!this.#signal.aborted) return held;
    // Closed in the very moment in which it became active.
    await held.leave();
    throw this.#signal.reason;
  }
}
