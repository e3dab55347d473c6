import type { CallOptions, Clock, Logger, PortProxy, ProxyPort, TrafficProxy } from '@fairlead/core';
import { BufferPool } from '@fairlead/tunnel';
import { DatagramPort } from '../udp/datagram-port.ts';
import { AppAddress } from './app-address.ts';
import type { Diverter } from './diverter.ts';
import { MissWatches } from './miss-watches.ts';
import { PortListener } from './port-listener.ts';
import { defaultProxyLimits, type ProxyLimits } from './proxy-limits.ts';
import { SharedReads } from './shared-reads.ts';

/** What {@link NodeTrafficProxy} needs. */
export interface NodeTrafficProxyOptions {
  /** Takes diverted traffic to those who asked for it. */
  readonly diverter: Diverter;
  readonly clock: Clock;
  readonly logger: Logger;
  /** More hosts where the app may listen, tried when its own refuses. */
  readonly otherAppHosts?: readonly string[];
  /** Who waits for requests of its intercept. Default: nobody. */
  readonly misses?: MissWatches;
  /** Limits that differ from {@link defaultProxyLimits}. */
  readonly limits?: Partial<ProxyLimits>;
}

/** A {@link TrafficProxy} on node sockets, for TCP and UDP. */
export class NodeTrafficProxy implements TrafficProxy {
  readonly #options: NodeTrafficProxyOptions;
  readonly #limits: ProxyLimits;
  readonly #pool = new BufferPool();
  readonly #reads = new SharedReads();
  readonly #misses: MissWatches;

  constructor(options: NodeTrafficProxyOptions) {
    this.#options = options;
    this.#limits = { ...defaultProxyLimits, ...options.limits };
    this.#misses = options.misses ?? new MissWatches();
  }

  async listen(port: ProxyPort, options: CallOptions = {}): Promise<PortProxy> {
    options.signal?.throwIfAborted();
    const { diverter, clock, logger, otherAppHosts = [] } = this.#options;
    const others = otherAppHosts.filter((host) => host !== port.appHost);
    const surroundings = {
      containerPort: port.appPort,
      app: new AppAddress(port.appPort, [port.appHost, ...others]),
      diverter,
      clock,
      logger,
      limits: this.#limits,
      pool: this.#pool,
      reads: this.#reads,
      misses: this.#misses,
    };
    const listener =
      port.protocol === 'UDP'
        ? await DatagramPort.open(surroundings, port.agentPort, port.host)
        : await PortListener.open(surroundings, port.agentPort, port.host);
    if (!options.signal?.aborted) return listener;
    await listener[Symbol.asyncDispose]();
    throw options.signal.reason;
  }
}
