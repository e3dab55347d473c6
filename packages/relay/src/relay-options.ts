import type { AgentHello, Clock, Logger, Metrics, WorkloadKey } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import type { RelaySession } from './relay-session.ts';
import type { ServiceDialler } from './service-desk.ts';

/** Yes, or why not. The reason reaches the peer and the log; it must hold no secret. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Whose an intercept is. */
export interface InterceptOwner {
  /** The workload whose agents may serve it. */
  readonly workload: WorkloadKey;
  readonly sessionId: string;
  readonly fingerprint: string;
}

/** What a {@link TunnelRelay} is told by whoever composes it. */
export interface TunnelRelayOptions {
  /** Whether the agent is the pod that it says it is. Its token is a secret. A rejection counts as a refusal. */
  readonly verifyAgent: (hello: AgentHello) => Verdict | Promise<Verdict>;
  /**
   * Whether this session may connect. That it has the key of its fingerprint is certain. Default: yes, for it gets
   * nothing but the traffic of intercepts with its fingerprint.
   */
  readonly verifySession?: (session: RelaySession) => Verdict | Promise<Verdict>;
  /** Whose intercept this is, by the id that stands in the agents' routes; undefined when there is none. */
  readonly interceptOwner: (intercept: string) => InterceptOwner | undefined | Promise<InterceptOwner | undefined>;
  /** Answers call streams of sessions. Takes the stream over. Default: they are refused. */
  readonly calls?: (method: string, stream: TunnelStream, session: RelaySession) => void;
  /** Connects sessions to Services. Default: they are refused. */
  readonly dialler?: ServiceDialler;
  readonly clock: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: none. */
  readonly metrics?: Metrics;
  /** How long a silent session keeps its intercepts; told to it, so that it beats in time. Default 15 000. */
  readonly leaseMs?: number;
  /** Time for a new peer to say who it is, in milliseconds. Default 10 000. */
  readonly helloMs?: number;
  /** Time for an agent to acknowledge an assignment, in milliseconds. Default 10 000. */
  readonly assignMs?: number;
  /** Peers at once that have not yet said who they are; more are turned away. Default 128. */
  readonly maxUnidentified?: number;
}

/** The options with their defaults. */
export const relayDefaults: {
  readonly leaseMs: number;
  readonly helloMs: number;
  readonly assignMs: number;
  readonly maxUnidentified: number;
} = { leaseMs: 15_000, helloMs: 10_000, assignMs: 10_000, maxUnidentified: 128 };
