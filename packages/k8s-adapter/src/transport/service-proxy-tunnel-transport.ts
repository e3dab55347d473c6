import type { Duplex } from 'node:stream';
import { type CallOptions, FairleadError, type Logger, type TunnelTransport, tunnelUpgrade } from '@fairlead/core';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { timeLimit } from '../connection/time-limit.ts';
import { dialServiceProxy } from './dial-service-proxy.ts';
import { caIsMissing, defaultManager, type ManagerLocation, readManagerService } from './find-manager.ts';
import { openTls, resolveTls, type TunnelTls, type TunnelTlsSource } from './tunnel-tls.ts';

/** Options of {@link ServiceProxyTunnelTransport}. */
export interface ServiceProxyTunnelTransportOptions {
  /** Default {@link defaultManager}; its port has no meaning here. */
  readonly manager?: Partial<Omit<ManagerLocation, 'port'>> | undefined;
  /** How to know the manager. Default: by the CA that stands on its Service. */
  readonly tls?: TunnelTlsSource | undefined;
  /**
   * What is tried where this way leads nowhere. When that succeeds where this is refused, or where the API server takes too
   * long, this is not tried again. Default nothing.
   */
  readonly fallback?: TunnelTransport<Duplex> | undefined;
  /** How long the API server may take to connect, in milliseconds. Default 3 000. */
  readonly timeoutMs?: number | undefined;
  /** Told why there is need of the fallback. Default: silent. */
  readonly logger?: Logger | undefined;
}

/**
 * Dials the manager's leader through the API server's proxy for Services, which connects to the pod by itself: no kubelet and
 * no container runtime take part, and the right may be one to this port alone, `get` on `services/proxy`. TLS up to the manager
 * runs within; the API server passes bytes on and does not read them.
 */
export class ServiceProxyTunnelTransport implements TunnelTransport<Duplex> {
  readonly #connection: KubernetesConnection;
  readonly #options: ServiceProxyTunnelTransportOptions;
  readonly #manager: ManagerLocation;
  /** The fallback leads to the manager where this way does not. */
  #isClosed = false;

  constructor(connection: KubernetesConnection, options: ServiceProxyTunnelTransportOptions = {}) {
    this.#connection = connection;
    this.#options = options;
    this.#manager = { ...defaultManager, ...options.manager };
  }

  async dial(options: CallOptions = {}): Promise<Duplex> {
    const { fallback, logger } = this.#options;
    options.signal?.throwIfAborted();
    if (!fallback) return await this.#dial(options);
    if (this.#isClosed) return await fallback.dial(options);
    try {
      return await this.#dial(options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const stream = await fallback.dial(options).catch((other: unknown) => {
        // Whoever may not go that way either is told about this one, for which the smaller right is enough.
        throw isForbidden(other) ? error : other;
      });
      this.#isClosed = isForGood(error);
      const said = { reason: FairleadError.from(error).message };
      const text = 'the manager is reached another way than by the proxy of the API server';
      if (isRefusal(error)) logger?.info(said, text);
      else logger?.warn(said, text);
      return stream;
    }
  }

  async #dial(options: CallOptions): Promise<Duplex> {
    const { namespace, service } = this.#manager;
    const { timeoutMs = 3_000 } = this.#options;
    const manager = await readManagerService(this.#connection, this.#manager, options);
    if (!manager.isProxied) {
      const message = `Service ${service} in namespace ${namespace} has no port ${tunnelUpgrade.port}`;
      throw new FairleadError('unsupported', message, {
        phase: 'tunnel',
        hint: 'Bring it up to date: fairlead upgrade.',
      });
    }
    const late = (): FairleadError => {
      const message = `the API server did not connect to the manager within ${timeoutMs / 1_000} s`;
      const hint = `A firewall may keep it from port ${tunnelUpgrade.port} of the pods in namespace ${namespace}.`;
      const error = new FairleadError('unreachable', message, { phase: 'tunnel', hint });
      tooLate.add(error);
      return error;
    };
    using limit = timeLimit(this.#connection.clock, timeoutMs, late, options.signal);
    const tls = await this.#tls(manager.ca, limit);
    const socket = await dialServiceProxy(this.#connection, { namespace, service, port: tunnelUpgrade.port }, limit);
    return await openTls({ socket }, tls, manager.servername, limit);
  }

  async #tls(ca: string | undefined, options: CallOptions): Promise<TunnelTls> {
    const { tls } = this.#options;
    if (tls) return await resolveTls(tls, options);
    if (ca) return { ca };
    throw caIsMissing(this.#manager);
  }
}

/** What came of waiting for too long. */
const tooLate = new WeakSet<object>();

function isForbidden(error: unknown): boolean {
  return error instanceof FairleadError && error.code === 'forbidden';
}

/** Whether this way is not open to whoever asks, and nothing is wrong. */
function isRefusal(error: unknown): boolean {
  return (error instanceof FairleadError && error.code === 'unsupported') || apiStatusOf(error)?.status === 403;
}

/** Whether there is no sense in trying this way again, as there is while one manager takes over from another. */
function isForGood(error: unknown): boolean {
  return isRefusal(error) || tooLate.has(error as object);
}
