import type { SerializedError } from '../errors.ts';
import type { AgentConnection } from './agent-config.ts';
import type { Identity } from './identity.ts';
import type { Match } from './match.ts';
import type { WorkloadKey, WorkloadRef } from './workload.ts';

/**
 * `intercept`: the traffic goes to the session. `wiretap`: the session gets a copy, replies are unchanged. `removal`: no
 * traffic is asked for, but that the workload's agent goes; it is `released` when the agent's config is deleted.
 */
export type InterceptMode = 'intercept' | 'wiretap' | 'removal';

/** Derived, never stored: with a match an intercept is `http` (personal), without one it is `tcp` (exclusive). */
export type Mechanism = 'tcp' | 'http';

/** What happens to connections that are open when an intercept starts or ends on their port. */
export type Toggle = 'drain' | 'cut';

/** Which of the workload's connections are meant. Everything absent means: the only one there is. */
export interface PortSelector {
  /** Service port by name or number. */
  readonly port?: string | number;
  readonly service?: string;
  readonly container?: string;
  readonly protocol?: 'TCP' | 'UDP';
}

/** What a session asks for. */
export interface InterceptSpec {
  readonly mode: InterceptMode;
  readonly workload: WorkloadRef;
  /** One selector per wanted port; empty means the only port there is. */
  readonly ports: readonly PortSelector[];
  /** Absent: all traffic (`tcp`). */
  readonly match?: Match;
  /** Default `drain`. */
  readonly toggle?: Toggle;
  /** Divert the kubelet's probes as well. Default false. */
  readonly includeProbes?: boolean;
}

/** Where an intercept stands. See the lifecycle for what leads where. */
export type InterceptPhase =
  | 'requested'
  | 'planned'
  | 'rolling-out'
  | 'waiting'
  | 'active'
  | 'interrupted'
  | 'released'
  | 'refused'
  | 'failed';

/** How far a preparation is. */
export interface InterceptProgress {
  readonly stage: 'planned' | 'stored' | 'rolling-out' | 'agents';
  readonly done: number;
  readonly total: number;
}

/** What is known about an intercept. Written by the control plane only. */
export interface InterceptStatus {
  readonly phase: InterceptPhase;
  /** ISO 8601: since when the phase holds. */
  readonly since: string;
  /** The workload that the reference turned out to mean. */
  readonly workload?: WorkloadKey;
  /** The connections selected by the plan, with the container each belongs to. */
  readonly connections?: readonly SelectedConnection[];
  readonly progress?: InterceptProgress;
  /** Agents that acknowledged the current epoch, and ready agents in all. */
  readonly replicas?: { readonly ready: number; readonly total: number };
  /** Why it was refused, failed or is interrupted. */
  readonly error?: SerializedError;
}

/** A connection together with its container. */
export interface SelectedConnection extends AgentConnection {
  readonly container: string;
}

/** An intercept as the registry holds it. */
export interface InterceptRecord {
  readonly namespace: string;
  /** Unique in the namespace; chosen by the client, so that a repeated create is recognised. */
  readonly name: string;
  readonly spec: InterceptSpec;
  readonly session: SessionRef;
  /** Who asked, as established by the cluster; absent: not established. */
  readonly requester?: Identity;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly status: InterceptStatus;
  /** Changes with each write. */
  readonly revision: string;
}

/** The session that owns an intercept. */
export interface SessionRef {
  readonly id: string;
  /** Of the session's key: what its tunnel must prove to have. Not a secret. */
  readonly fingerprint: string;
  /** Shown to people: `ada@laptop, pid 4711`. */
  readonly label: string;
}

/** With a match an intercept is personal (`http`), without one exclusive (`tcp`). */
export function mechanismOf(spec: Pick<InterceptSpec, 'match'>): Mechanism {
  return spec.match === undefined ? 'tcp' : 'http';
}

/** The id that stands in agents' routes and in streams: `shop/first`. Unique in the cluster. */
export function interceptId(record: Pick<InterceptRecord, 'namespace' | 'name'>): string {
  return `${record.namespace}/${record.name}`;
}
