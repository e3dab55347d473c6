import type { Duplex } from 'node:stream';
import { type CallOptions, FairleadError, type Logger, type TunnelTransport } from '@fairlead/core';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { timeLimit } from '../connection/time-limit.ts';
import { dialServiceProxy } from './dial-service-proxy.ts';
import {
  caIsMissing,
  defaultManager,
  type ManagerLocation,
  proxiedPortName,
  readManagerService,
} from './find-manager.ts';
import { openTls, resolveTls, type TunnelTls, type TunnelTlsSource } from './tunnel-tls.ts';

/** Options of {@link ServiceProxyTunnelTransport}. */
export interface ServiceProxyTunnelTransportOptions {
  /** Default {@link defaultManager}; its port has no meaning here. */
  readonly manager?: Partial<Omit<ManagerLocation, 'port'>> | undefined;
  /** How to know the manager. Default: by the CA that stands on its Service. */
  readonly tls?: TunnelTlsSource | undefined;
  /**
   * What is tried where this way leads nowhere. When that succeeds where this is closed, by a missing right or something in
   * between, this is not tried again. Default nothing.
   */
  readonly fallback?: TunnelTransport<Duplex> | undefined;
  /** How long the API server may take to connect, in milliseconds. Default 5 000. */
  readonly timeoutMs?: number | undefined;
  /** Told why there is need of the fallback. Default: silent. */
  readonly logger?: Logger | undefined;
}

/**
 * Dials the manager's leader through the API server's proxy for Services, which connects to the pod by itself: no kubelet and
 * no container runtime take part, and the right is one to this port alone, `get` on `services/proxy`. TLS up to the manager
 * runs within; the API server passes bytes on that it cannot read.
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
        // Of two rights that are missing this is the smaller one to ask for.
        throw isForbidden(error) && isForbidden(other) ? error : other;
      });
      this.#isClosed = !mayPass(error);
      logger?.info(
        { reason: FairleadError.from(error).message },
        'the manager is reached another way than by the proxy of the API server',
      );
      return stream;
    }
  }

  async #dial(options: CallOptions): Promise<Duplex> {
    const { namespace, service } = this.#manager;
    const { timeoutMs = 5_000 } = this.#options;
    const manager = await readManagerService(this.#connection, this.#manager, options);
    if (!manager.isProxied) {
      const message = `Service ${service} in namespace ${namespace} has no port ${proxiedPortName}`;
      throw new FairleadError('unsupported', message, {
        phase: 'tunnel',
        hint: 'Bring it up to date: fairlead upgrade.',
      });
    }
    const late = (): FairleadError =>
      new FairleadError('unreachable', `the API server did not connect to the manager within ${timeoutMs / 1_000} s`, {
        phase: 'tunnel',
      });
    using limit = timeLimit(this.#connection.clock, timeoutMs, late, options.signal);
    const tls = await this.#tls(manager.ca, limit);
    const socket = await dialServiceProxy(this.#connection, { namespace, service, port: proxiedPortName }, limit);
    return await openTls({ socket }, tls, manager.servername, limit);
  }

  async #tls(ca: string | undefined, options: CallOptions): Promise<TunnelTls> {
    const { tls } = this.#options;
    if (tls) return await resolveTls(tls, options);
    if (ca) return { ca };
    throw caIsMissing(this.#manager);
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof FairleadError && error.code === 'forbidden';
}

/** Whether this way may be open the next time: somebody did not answer well, as while one manager takes over from another. */
function mayPass(error: unknown): boolean {
  // Whose time ran out has no cause: the API server may be kept from the pod, which each dial would wait for.
  return error instanceof FairleadError && error.code === 'unreachable' && error.cause !== undefined;
}
