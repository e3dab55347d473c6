import { createSystemClock, ManualClock, type PortProxy, type PortRoutes, SilentLogger } from '@fairlead/core';
import type { MissWatches } from '../proxy/miss-watches.ts';
import { NodeTrafficProxy } from '../proxy/node-traffic-proxy.ts';
import type { ProxyLimits } from '../proxy/proxy-limits.ts';
import { MemoryDiverter } from './memory-diverter.ts';
import { RawClient } from './raw-client.ts';

/** A served port with an app behind it. */
export interface Proxied extends AsyncDisposable {
  readonly proxy: NodeTrafficProxy;
  readonly port: PortProxy;
  readonly diverter: MemoryDiverter;
  /** Moves the proxy's time, when the clock is manual. */
  readonly clock: ManualClock;
  connect(): Promise<RawClient>;
}

/** Options of {@link proxied}. */
export interface ProxiedOptions {
  readonly routes?: PortRoutes;
  readonly limits?: Partial<ProxyLimits>;
  /** The proxy's time stands still until a test moves it. */
  readonly isManual?: boolean;
  readonly otherAppHosts?: readonly string[];
  readonly appHost?: string;
  readonly misses?: MissWatches;
}

/** The first bytes of a connection that is diverted as a whole are waited for, however busy the machine is. */
export const untilFirstBytes: Partial<ProxyLimits> = { firstBytesWaitMs: 10_000 };

/** Serves a port of this machine in front of an app. */
export async function proxied(appPort: number, options: ProxiedOptions = {}): Promise<Proxied> {
  const diverter = new MemoryDiverter();
  const clock = new ManualClock({ settle: () => new Promise((resolve) => setTimeout(resolve, 5)) });
  const proxy = new NodeTrafficProxy({
    diverter,
    clock: options.isManual ? clock : createSystemClock({ now: Date.now, setTimeout, clearTimeout }),
    logger: new SilentLogger(),
    ...(options.misses && { misses: options.misses }),
    ...(options.limits && { limits: options.limits }),
    ...(options.otherAppHosts && { otherAppHosts: options.otherAppHosts }),
  });
  const appHost = options.appHost ?? '127.0.0.1';
  const port = await proxy.listen({ host: '127.0.0.1', agentPort: 0, appHost, appPort, protocol: 'TCP' });
  if (options.routes) await port.apply(options.routes);
  return {
    proxy,
    port,
    diverter,
    clock,
    connect: () => RawClient.connect(port.port),
    [Symbol.asyncDispose]: () => port[Symbol.asyncDispose](),
  };
}

/** Routes that leave everything to the app. */
export const nothing: PortRoutes = { intercepts: [], wiretaps: [] };

/** An intercept of the requests of one user. */
export function personal(id: string, user: string, toggle: 'drain' | 'cut' = 'drain'): PortRoutes {
  return { intercepts: [{ id, match: { headers: { 'x-user': user } }, toggle, includeProbes: false }], wiretaps: [] };
}

/** An intercept of everything. */
export function exclusive(id: string, toggle: 'drain' | 'cut' = 'drain'): PortRoutes {
  return { intercepts: [{ id, toggle, includeProbes: false }], wiretaps: [] };
}
