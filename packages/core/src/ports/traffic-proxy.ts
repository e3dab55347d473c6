import type { TransportProtocol } from '../model/agent-config.ts';
import type { Toggle } from '../model/intercept.ts';
import type { Match } from '../model/match.ts';
import type { CallOptions } from './call-options.ts';

/** Listens on agent ports, forwards to the app, and diverts what intercepts ask for. */
export interface TrafficProxy {
  /** Starts to serve one port. Without routes every byte passes to the app. Fails with `port-taken`. */
  listen(port: ProxyPort, options?: CallOptions): Promise<PortProxy>;
}

/** A port to serve. */
export interface ProxyPort {
  /** The address to listen on; default all. */
  readonly host?: string;
  readonly agentPort: number;
  /** Where the app listens. */
  readonly appHost: string;
  readonly appPort: number;
  readonly protocol: TransportProtocol;
}

/** One served port. */
export interface PortProxy extends AsyncDisposable {
  /** The port really listened on (useful when 0 was asked for). */
  readonly port: number;
  /**
   * Makes these the routes from now on; resolves when no new connection or request can be decided by the old ones.
   * Open connections follow each intercept's `toggle`.
   */
  apply(routes: PortRoutes): Promise<void>;
  /** Counters since the start. */
  stats(): ProxyStats;
  /** Stops accepting, lets what is open end within the time, then cuts. */
  drain(timeoutMs: number): Promise<void>;
}

/** What is diverted or copied on a port. Order is the order of precedence. */
export interface PortRoutes {
  readonly intercepts: readonly InterceptRoute[];
  readonly wiretaps: readonly WiretapRoute[];
}

/** An intercept's share of a port. */
export interface InterceptRoute {
  readonly id: string;
  /** Absent: every connection (`tcp`). */
  readonly match?: Match;
  readonly toggle: Toggle;
  readonly includeProbes: boolean;
}

/** A wiretap's share of a port. */
export interface WiretapRoute {
  readonly id: string;
  readonly match?: Match;
}

/** Counters of a port. With UDP a connection is a flow: the datagrams of one caller, until it was idle for a minute. */
export interface ProxyStats {
  readonly connections: number;
  readonly open: number;
  readonly diverted: number;
  /** Diversions that ended at the app because the tunnel refused, timed out or died. */
  readonly fellBack: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that wiretaps did not get because they were too slow. */
  readonly tapDropped: number;
  /** UDP: datagrams that nobody got, as they were too long or too many, or as nobody listened. */
  readonly dropped: number;
}
