import type { Duplex } from 'node:stream';
import type { CallOptions, InterceptRecord } from '@fairlead/core';
import type { ExplainedRequest, RequestExplanation } from './expectations/explain-request.ts';
import type { Intercept } from './intercept.ts';
import type { ExchangeOptions, InterceptOptions, WiretapOptions } from './intercept-options.ts';
import type { InterceptedProgram } from './programs/run-in-session.ts';
import type { SessionRunOptions } from './programs/run-options.ts';
import type { ServiceFetch } from './services/service-fetch.ts';
import type { ForwardOptions, ServiceForward } from './services/service-forward.ts';
import type { ExchangeWiretap } from './wiretap/exchange-wiretap.ts';
import type { TapEvent } from './wiretap/tap-event.ts';
import type { Wiretap } from './wiretap/wiretap.ts';

/** What a session and its children have in common: intercepts and wiretaps that end with it, and a key of its own. */
export interface SessionScope extends AsyncDisposable {
  /** Marks requests as meant for this scope alone. Not a secret. */
  readonly key: string;
  readonly namespace: string;
  /** Aborts when it ends; the reason says why. */
  readonly signal: AbortSignal;
  /** Takes traffic over. See `Session.intercept`. */
  intercept(options: InterceptOptions): Promise<Intercept>;
  /** Takes traffic over and runs a program that serves it. See `Session.run`. */
  run(command: readonly string[], options: SessionRunOptions): Promise<InterceptedProgram>;
  /** Copies requests with their answers here. See `Session.wiretap`. */
  wiretap(options: WiretapOptions & ExchangeOptions): Promise<ExchangeWiretap>;
  /** Copies bytes here. See `Session.wiretapBytes`. */
  wiretapBytes(options: WiretapOptions): Promise<Wiretap<TapEvent>>;
  /** What its intercepts would make of a request. */
  explain(request: ExplainedRequest): RequestExplanation;
  /** Every intercept and wiretap of the namespace, whoever holds it. */
  list(options?: CallOptions): Promise<readonly InterceptRecord[]>;
  /** `fetch` by the names of the cluster's Services. */
  readonly fetch: ServiceFetch;
  /** A byte stream to a Service of the cluster. */
  dial(address: string, options?: CallOptions): Promise<Duplex>;
  /** A local port that leads to a Service of the cluster. See `Session.forward`. */
  forward(address: string, options?: ForwardOptions): Promise<ServiceForward>;
  /** A scope within this one, with a key of its own. */
  child(): SessionScope;
  /** Leaves what it holds. Never rejects. */
  close(): Promise<void>;
}
