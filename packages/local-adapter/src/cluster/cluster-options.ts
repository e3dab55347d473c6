import type { Clock, Logger } from '@fairlead/core';
import type { ManifestSet } from '../manifests/manifest-set.ts';
import type { LoopbackMode } from '../network/loopback.ts';
import type { LogSink } from '../processes/log-line.ts';
import type { Admission } from './admission.ts';
import type { AgentLaunch } from './agent-launch.ts';

/** Options of {@link LocalCluster.start}. */
export interface LocalClusterOptions {
  /** What to run. Read it with `readManifests`. */
  readonly manifests: ManifestSet;
  /** The namespace of names without one. Default `default`. */
  readonly namespace?: string;
  /** Decides what new pods look like. Default: they run as they are written. */
  readonly admission?: Admission;
  /** How traffic-agents are run. Needed as soon as a pod has one. */
  readonly agent?: AgentLaunch;
  /** ConfigMaps that are not in the manifests, asked first. */
  readonly configMap?: (namespace: string, name: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Gets every line of every container as it comes. */
  readonly logSink?: LogSink;
  /** Where volumes of claims are kept. Default: a temporary directory, removed at the end. */
  readonly stateDir?: string;
  /** How pods are told apart on the loopback. Default `auto`: by addresses where that works, else by ports. */
  readonly loopback?: LoopbackMode | 'auto';
  /** How long pods may take to become ready at the start, in milliseconds. Default 60 000. */
  readonly startTimeoutMs?: number;
  /** How long containers have to end by themselves when the cluster is disposed, in milliseconds. Default 1 000. */
  readonly stopGraceMs?: number;
  /** Default: the system's. Containers take real time, whatever it says. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}
