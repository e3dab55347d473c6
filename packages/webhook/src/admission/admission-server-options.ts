import type { Clock, Logger, Metrics } from '@fairlead/core';
import type { HotReloadingTls } from '../certificates/hot-reloading-tls.ts';
import type { InterceptAdmissionOptions } from './admit-intercept.ts';
import type { LifecycleHooks } from './lifecycle-hooks.ts';
import type { IdentifyOperator } from './operator-token.ts';
import type { PodAdmissionParts } from './pod-admission-parts.ts';
import { admissionPort } from './webhook-names.ts';

/** What an admission server works with. */
export interface AdmissionServerParts {
  /** With which certificates it serves. */
  readonly tls: HotReloadingTls;
  readonly pods: PodAdmissionParts;
  readonly intercepts: InterceptAdmissionOptions;
  readonly hooks: LifecycleHooks;
  /** Who may call the hooks. */
  readonly identifyOperator: IdentifyOperator;
  readonly clock: Clock;
  /** Why reviews cannot be answered yet; undefined: they can. Default: always ready. */
  notReady?(): string | undefined;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: none. */
  readonly metrics?: Metrics;
}

/** Where an admission server listens and what it puts up with. */
export interface AdmissionServerOptions {
  /** Default: every address of this machine. */
  readonly host?: string;
  /** Default 8443; 0: any that is free. */
  readonly port?: number;
  /** Ends the attempt to listen. */
  readonly signal?: AbortSignal;
  /** Bytes of one review. Default 4 MiB: more than an API server lets an object have. */
  readonly bodyBytes?: number;
  /** Bytes of all reviews that are being received or worked on. Default 64 MiB. */
  readonly heldBytes?: number;
  /** Default 1 024. */
  readonly connections?: number;
  /** How long a request may take to arrive. Default 5 000. */
  readonly receiveTimeoutMs?: number;
  /** How long a decision may take; less if the API server gives less time. Default 4 000. */
  readonly decisionTimeoutMs?: number;
  /** How long it may take to learn who calls a hook. Default 5 000. */
  readonly identifyTimeoutMs?: number;
  /** How long a hook may run. Default 600 000: pods are replaced one after the other. */
  readonly hookTimeoutMs?: number;
}

/** What {@link AdmissionServerOptions} mean where they say nothing. */
export const admissionServerDefaults: Required<Omit<AdmissionServerOptions, 'host' | 'signal'>> = {
  port: admissionPort,
  bodyBytes: 4 * 1024 * 1024,
  heldBytes: 64 * 1024 * 1024,
  connections: 1024,
  receiveTimeoutMs: 5_000,
  decisionTimeoutMs: 4_000,
  identifyTimeoutMs: 5_000,
  hookTimeoutMs: 600_000,
};
