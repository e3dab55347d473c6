import type { Clock, Logger } from '@fairlead/core';
import type { AppAddress } from '../proxy/app-address.ts';
import type { Diverter } from '../proxy/diverter.ts';
import type { PortCounters } from '../proxy/port-context.ts';
import type { ProxyLimits } from '../proxy/proxy-limits.ts';
import type { RouteTable } from '../proxy/routes.ts';

/** Who sent a datagram. */
export interface DatagramSource {
  readonly address: string;
  readonly port: number;
}

/** What the flows of one port share. */
export interface DatagramPortContext {
  /** The routes in force. Replaced as a whole. */
  readonly routes: RouteTable;
  readonly containerPort: number;
  readonly app: AppAddress;
  readonly diverter: Diverter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ProxyLimits;
  readonly counters: PortCounters;
  /** Sends an answer to a caller, from the port that it called. */
  readonly answer: (to: DatagramSource, datagram: Uint8Array) => void;
  /** So many datagrams are lost. */
  readonly drop: (count: number, reason: string) => void;
}
