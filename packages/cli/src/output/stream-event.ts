import type { InterceptPhase, InterceptProgress, SerializedError } from '@fairlead/core';

/**
 * What `-o json-stream` prints, one JSON object a line. The last line is `end`. Programs must pass over types and fields
 * that they do not know: more may come with any version; what is here keeps its meaning within one `v`.
 */
export type StreamEvent =
  /** What is being done, in words for people. */
  | { readonly type: 'step' | 'done' | 'failed' | 'note'; readonly text: string }
  /** How far a preparation is. */
  | ({ readonly type: 'progress' } & InterceptProgress)
  /** The intercept or wiretap serves on every replica. Told once, when it does for the first time. */
  | { readonly type: 'active'; readonly intercept: StreamIntercept }
  /** It is in another phase than before. */
  | { readonly type: 'phase'; readonly name: string; readonly phase: InterceptPhase }
  /** What the intercepted container's environment is without. */
  | ({ readonly type: 'environment' } & StreamEnvironment)
  /** The volumes of the intercepted container are a directory of this machine, but for those that have Secrets. */
  | {
      readonly type: 'mounted';
      readonly directory: string;
      readonly writable: boolean;
      readonly withheld: readonly string[];
    }
  /** A request came here and was answered. */
  | ({ readonly type: 'call' } & StreamCall)
  /** A wiretap saw a request and its answer. */
  | ({ readonly type: 'exchange' } & StreamExchange)
  /** The app answers, because the local server does not take connections. */
  | { readonly type: 'target-unreachable'; readonly error: SerializedError }
  /** An intercept appeared, is in another phase, or ended; told by a watch. */
  | ({ readonly type: 'change' } & StreamChange)
  /** The connection to the cluster. */
  | { readonly type: 'connection'; readonly state: 'interrupted' | 'resumed' }
  /** The one document that `-o json` would print. */
  | { readonly type: 'result'; readonly result: unknown }
  /** Why the command failed. */
  | { readonly type: 'error'; readonly error: SerializedError }
  /** Nothing follows. */
  | { readonly type: 'end'; readonly status: number };

/** An intercept or wiretap as a stream tells of it. */
export interface StreamIntercept {
  readonly name: string;
  readonly namespace: string;
  readonly mode: 'intercept' | 'wiretap';
  /** The workload, as in `deployment/cart`. */
  readonly workload: string;
  /** Which requests, as `fairlead list` shows it. */
  readonly match: string;
  readonly replicas: { readonly ready: number; readonly total: number };
}

/** Whose environment programs get, and what is not in it. */
export interface StreamEnvironment {
  readonly container: string;
  readonly pod: string;
  /** Names of variables whose values come from Secrets and stayed in the pod. */
  readonly withheld: readonly string[];
  /** How many more stayed there. */
  readonly excluded: number;
}

/** A request that came here. */
export interface StreamCall {
  /** Counts from 1. */
  readonly number: number;
  readonly method: string;
  readonly url: string;
  readonly pod: string;
  /** 0: no answer was seen. */
  readonly status: number;
  readonly servedBy: 'handler' | 'app' | 'nobody';
  readonly durationMs: number;
}

/** A request and its answer, without their bodies. */
export interface StreamExchange {
  /** Counts from 1. */
  readonly number: number;
  readonly method: string;
  readonly url: string;
  readonly pod: string;
  /** 0: there was no answer. */
  readonly status: number;
  /** `app`, or the intercept as `namespace/name`. */
  readonly servedBy: string;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What happened to an intercept, whoever holds it. */
export interface StreamChange {
  readonly what: 'appeared' | 'changed' | 'ended';
  readonly name: string;
  /** `intercept`, `wiretap` or `removal`. */
  readonly mode: string;
  readonly phase: string;
  /** The workload, as in `deployment/cart`. */
  readonly workload: string;
  readonly match: string;
  readonly holder: string;
  /** ISO 8601: since when the phase holds. */
  readonly since: string;
  /** Why it was refused, failed or is interrupted. */
  readonly error?: SerializedError;
}

/** The version of the lines; stands in each as `v`. */
export const streamVersion = 1;

/** One line: version and time, then the event. */
export function streamLine(event: StreamEvent, now: Date = new Date()): string {
  return `${JSON.stringify({ v: streamVersion, at: now.toISOString(), ...event })}\n`;
}
