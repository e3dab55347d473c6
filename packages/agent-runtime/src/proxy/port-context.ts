import type { Clock, Logger } from '@fairlead/core';
import type { BufferPool } from '@fairlead/tunnel';
import type { AppAddress } from './app-address.ts';
import type { Diverter } from './diverter.ts';
import type { MissWatches } from './miss-watches.ts';
import type { ProxyLimits } from './proxy-limits.ts';
import type { RouteTable } from './routes.ts';
import type { SharedReads } from './shared-reads.ts';

/** What the connections of one port share. */
export interface PortContext {
  /** The routes in force. Replaced as a whole. */
  readonly routes: RouteTable;
  /** The port is being closed: connections end as soon as nothing is under way on them. */
  readonly isDraining: boolean;
  readonly containerPort: number;
  readonly app: AppAddress;
  readonly diverter: Diverter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ProxyLimits;
  readonly pool: BufferPool;
  readonly reads: SharedReads;
  /** Who waits for requests of its intercept. */
  readonly misses: MissWatches;
  readonly counters: PortCounters;
}

/** What a port counts. */
export interface PortCounters {
  connections: number;
  diverted: number;
  fellBack: number;
  /** Of closed connections. */
  bytesIn: number;
  /** Of closed connections. */
  bytesOut: number;
  tapDropped: number;
  /** Datagrams that nobody got. */
  dropped: number;
}

/** The counters of a port that has just been opened. */
export function zeroCounters(): PortCounters {
  return { connections: 0, diverted: 0, fellBack: 0, bytesIn: 0, bytesOut: 0, tapDropped: 0, dropped: 0 };
}
