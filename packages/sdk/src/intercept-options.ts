import type { CallOptions, InterceptProgress, Match, Toggle } from '@fairlead/core';
import type { DatagramHandler } from './datagrams/datagram-handler.ts';
import type { RequestHandler } from './handler/request-handler.ts';
import type { LocalTarget } from './local-target.ts';
import type { WhenFull } from './wiretap/exchange-intake.ts';
import type { WorkloadReference } from './workload-reference.ts';

/** Which traffic is meant. */
export interface TrafficOptions extends CallOptions {
  readonly workload: WorkloadReference;
  /**
   * The service port by name or number; may be left out where there is only one. `53/UDP` and `53/TCP` tell two apart
   * that have the same number.
   */
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

/**
 * What `session.intercept()` is asked for. Traffic goes to a local server (`to`) or to a function: `handler` for requests,
 * `onDatagram` for what comes by UDP.
 */
export interface InterceptOptions extends TrafficOptions {
  /** Several ports instead of one; each may have a server of its own. Empty: the only port that there is. */
  readonly ports?: readonly (string | number | PortOptions)[] | undefined;
  /** The local server. Also the default for `ports`. */
  readonly to?: LocalTarget | undefined;
  /** Answers requests in this process. Also for those of `ports` that name no server. */
  readonly handler?: RequestHandler | undefined;
  /** Answers datagrams in this process, on UDP ports that name no server. */
  readonly onDatagram?: DatagramHandler | undefined;
  /** How many requests the handler answers; the app answers those that come afterwards. Default: all. */
  readonly times?: number | undefined;
  /**
   * Whether what the handler answers names the intercept in the header `x-fairlead-served-by`. Default true. Answers of an
   * intercept with a match have `cache-control: no-store` in any case.
   */
  readonly servedByHeader?: boolean | undefined;
  /** What happens to connections that are open when the intercept starts or ends. Default `drain`: they go on. */
  readonly toggle?: Toggle | undefined;
  /**
   * Whether the workload's agent goes when the intercept is left, unless somebody else needs it. Its pods are replaced once
   * more then. Default false: the agent stays and passes traffic on, so that the next intercept begins at once.
   */
  readonly removeAgent?: boolean | undefined;
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
  /** Bytes that may be held here; of what comes beyond them something is dropped and counted. Default 8 MiB. */
  readonly bufferBytes?: number | undefined;
}

/** What `session.wiretap()` is asked for beside the traffic: how exchanges are captured. */
export interface ExchangeOptions {
  /** Bytes that are kept of each body. Default 64 KiB; 0: none. */
  readonly bodyBytes?: number | undefined;
  /**
   * Headers whose values are replaced by `[redacted]`. Default: `authorization`, `proxy-authorization`, `cookie` and
   * `set-cookie`. Given, it stands for itself: name those as well that are to stay secret.
   */
  readonly redact?: readonly string[] | undefined;
  /** Exchanges that may wait to be read. Default 256. */
  readonly items?: number | undefined;
  /** Which exchange is dropped when they are not read in time. The traffic never waits. Default `drop-oldest`. */
  readonly whenFull?: WhenFull | undefined;
}

/** The defaults of the options above. */
export const interceptDefaults: {
  readonly timeoutMs: number;
  readonly bufferBytes: number;
  readonly bodyBytes: number;
  readonly redact: readonly string[];
  readonly items: number;
} = {
  timeoutMs: 60_000,
  bufferBytes: 8 * 1024 * 1024,
  bodyBytes: 64 * 1024,
  redact: ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'],
  items: 256,
};
