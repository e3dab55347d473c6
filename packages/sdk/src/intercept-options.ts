import type { CallOptions, InterceptProgress, Match, Toggle } from '@fairlead/core';
import type { RequestHandler } from './handler/request-handler.ts';
import type { LocalTarget } from './local-target.ts';
import type { WorkloadReference } from './workload-reference.ts';

/** Which traffic is meant. */
export interface TrafficOptions extends CallOptions {
  readonly workload: WorkloadReference;
  /** The service port by name or number; may be left out where there is only one. */
  readonly port?: string | number | undefined;
  /** The service, where several have such a port. Also the default for `ports`. */
  readonly service?: string | undefined;
  /** The container, where several are behind such a port. Also the default for `ports`. */
  readonly container?: string | undefined;
  /** Only the requests that fit. Left out: all traffic. */
  readonly match?: Match | undefined;
  /** Divert or copy the kubelet's probes as well. Default false. */
  readonly includeProbes?: boolean | undefined;
  /** Unique in the namespace; lower-case letters, digits and dashes. Default: made from the workload's name. */
  readonly name?: string | undefined;
  /** Time to become active, in milliseconds. Default 60 000. */
  readonly timeoutMs?: number | undefined;
  /** Called as the preparation gets on. */
  readonly onProgress?: ((progress: InterceptProgress) => void) | undefined;
}

/** What `session.intercept()` is asked for. Traffic goes to a local server (`to`) or to a function (`handler`). */
export interface InterceptOptions extends TrafficOptions {
  /** Several ports instead of one; each may have a server of its own. Empty: the only port that there is. */
  readonly ports?: readonly (string | number | PortOptions)[] | undefined;
  /** The local server. Also the default for `ports`. */
  readonly to?: LocalTarget | undefined;
  /** Answers requests in this process. Also for those of `ports` that name no server. */
  readonly handler?: RequestHandler | undefined;
  /** How many requests the handler answers; the app answers those that come afterwards. Default: all. */
  readonly times?: number | undefined;
  /** What happens to connections that are open when the intercept starts or ends. Default `drain`: they go on. */
  readonly toggle?: Toggle | undefined;
}

/** One of several ports. */
export interface PortOptions {
  readonly port?: string | number | undefined;
  readonly service?: string | undefined;
  readonly container?: string | undefined;
  readonly to?: LocalTarget | undefined;
}

/** What `session.wiretap()` is asked for. */
export interface WiretapOptions extends TrafficOptions {
  /** Several ports instead of one. Empty: the only port that there is. */
  readonly ports?: readonly (string | number | Omit<PortOptions, 'to'>)[] | undefined;
  /** Bytes that may wait to be read here; beyond them bytes are dropped and counted. Default 8 MiB. */
  readonly bufferBytes?: number | undefined;
}

/** The defaults of the options above. */
export const interceptDefaults: { readonly timeoutMs: number; readonly bufferBytes: number } = {
  timeoutMs: 60_000,
  bufferBytes: 8 * 1024 * 1024,
};
