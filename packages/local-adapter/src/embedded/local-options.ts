import type { Clock, Injector, Logger, VariablePolicy } from '@fairlead/core';
import type { LocalRolloutOptions } from '../cluster/local-rollout.ts';
import type { ManifestSource } from '../manifests/manifest-source.ts';
import type { LoopbackMode } from '../network/loopback.ts';
import type { LogSink } from '../processes/log-line.ts';

/** Options of {@link local}. */
export interface LocalOptions {
  /** What to run: files, directories, texts or objects. */
  readonly manifests: ManifestSource | readonly ManifestSource[];
  /** For objects that name none, and for sessions. Default `default`. */
  readonly namespace?: string;
  /** Where relative paths start. Default: the process's directory. */
  readonly cwd?: string;
  /** Gets every line of every container as it comes. */
  readonly logSink?: LogSink;
  /** Where volumes of claims are kept. Default: a temporary directory, removed at the end. */
  readonly stateDir?: string;
  /** How pods are told apart on the loopback. Default `auto`: by addresses where that works, else by ports. */
  readonly loopback?: LoopbackMode | 'auto';
  /** How pods are replaced. Default: so that no request is lost. */
  readonly rollout?: LocalRolloutOptions;
  /** How long pods may take to become ready at the start, in milliseconds. Default 60 000. */
  readonly startTimeoutMs?: number;
  /** How long containers have to end by themselves at the end, in milliseconds. Default 1 000. */
  readonly stopGraceMs?: number;
  /** How long a session that is silent keeps its intercepts, in milliseconds. Default 15 000. */
  readonly leaseMs?: number;
  /** Log level of the traffic-agents. Default `info`. */
  readonly agentLogLevel?: string;
  /** Which of the app's variables sessions may learn. Default: nothing is excluded, and no value from a Secret allowed. */
  readonly variables?: VariablePolicy;
  /** The traffic-agent's program. Default: the one of `@fairlead/agent-runtime`. */
  readonly agentMain?: string;
  /** Adds the traffic-agent to pods. Default: the injector of the admission webhook. */
  readonly injector?: Injector;
  /**
   * The time of leases and timeouts of the control plane and of sessions. Processes, probes and drains take real time,
   * whatever it says. Default: the system's.
   */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}
