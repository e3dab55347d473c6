import type { Duplex } from 'node:stream';
import {
  type CallOptions,
  type Clock,
  FairleadError,
  type Logger,
  type TunnelTransport,
  tunnelUpgrade,
} from '@fairlead/core';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { joinSignals, timeLimit } from '../connection/time-limit.ts';
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
   * What is tried where this way leads nowhere, or is slow. When that leads to the manager where this is refused, or sooner,
   * this is not tried again. Default nothing.
   */
  readonly fallback?: TunnelTransport<Duplex> | undefined;
  /** How long the API server may take to connect, in milliseconds. Default 3 000. */
  readonly timeoutMs?: number | undefined;
  /** How long this way may take before the fallback is tried beside it, in milliseconds. Default 500. */
  readonly patienceMs?: number | undefined;
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
  readonly #proxied = new WeakSet<Duplex>();
  /** The fallback leads to the manager where this way does not. */
  #isClosed = false;

  constructor(connection: KubernetesConnection, options: ServiceProxyTunnelTransportOptions = {}) {
    this.#connection = connection;
    this.#options = options;
    this.#manager = { ...defaultManager, ...options.manager };
  }

  async dial(options: CallOptions = {}): Promise<Duplex> {
    const { fallback } = this.#options;
    options.signal?.throwIfAborted();
    if (!fallback) return await this.#dial(options);
    if (this.#isClosed) return await fallback.dial(options);
    return await this.#dialEither(fallback, options);
  }

  describe(stream: Duplex): string | undefined {
    if (this.#proxied.has(stream)) return 'through the proxy of the API server';
    return this.#options.fallback?.describe?.(stream);
  }

  /** Tries the fallback as well when this way fails, or is slow: a firewall may keep the API server from the pod. */
  async #dialEither(fallback: TunnelTransport<Duplex>, { signal }: CallOptions): Promise<Duplex> {
    const [proxied, other] = [new AbortController(), new AbortController()];
    using ownLife = joinSignals(proxied.signal, signal);
    using otherLife = joinSignals(other.signal, signal);
    const { patienceMs = 500 } = this.#options;
    const own = this.#dial(ownLife);
    const outcome = await settledWithin(own, patienceMs, this.#connection.clock);
    if (outcome?.status === 'fulfilled') return outcome.value;
    signal?.throwIfAborted();
    const dialled = fallback.dial(otherLife);
    try {
      const { stream, isOwn } = await Promise.any([
        own.then((stream) => ({ stream, isOwn: true })),
        dialled.then((stream) => ({ stream, isOwn: false })),
      ]);
      (isOwn ? other : proxied).abort();
      (isOwn ? dialled : own).then(
        (tooLate) => tooLate.destroy(),
        () => {},
      );
      if (!isOwn) this.#giveUp(outcome?.reason ?? slowness(patienceMs));
      return stream;
    } catch (error) {
      signal?.throwIfAborted();
      const [ofOwn, ofOther] = (error as AggregateError).errors;
      // Whoever may not go that way either is told about this one, for which the smaller right is enough.
      throw isForbidden(ofOther) ? ofOwn : ofOther;
    }
  }

  /** The fallback has led to the manager: says why it was needed, and remembers what will not change. */
  #giveUp(reason: unknown): void {
    const { message, code } = FairleadError.from(reason);
    const isRefused = code === 'unsupported' || apiStatusOf(reason)?.status === 403;
    this.#isClosed = isRefused || code === 'timeout';
    const { logger } = this.#options;
    const text = 'the manager is reached another way than by the proxy of the API server';
    if (isRefused) logger?.info({ reason: message }, text);
    else logger?.warn({ reason: message }, text);
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
    const late = (): FairleadError =>
      new FairleadError('unreachable', `the API server did not connect to the manager within ${timeoutMs / 1_000} s`, {
        phase: 'tunnel',
        hint: `A firewall may keep it from port ${tunnelUpgrade.port} of the pods in namespace ${namespace}.`,
      });
    using limit = timeLimit(this.#connection.clock, timeoutMs, late, options.signal);
    const tls = await this.#tls(manager.ca, limit);
    const socket = await dialServiceProxy(this.#connection, { namespace, service, port: tunnelUpgrade.port }, limit);
    const stream = await openTls({ socket }, tls, manager.servername, limit);
    this.#proxied.add(stream);
    return stream;
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

function slowness(patienceMs: number): FairleadError {
  return new FairleadError('timeout', `the API server took longer than ${patienceMs} ms to connect to the manager`);
}

/** How the promise has ended; undefined when that takes longer. */
async function settledWithin<T>(
  promise: Promise<T>,
  ms: number,
  clock: Clock,
): Promise<PromiseSettledResult<T> | undefined> {
  return await new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(undefined));
    void Promise.allSettled([promise]).then(([outcome]) => {
      timer[Symbol.dispose]();
      resolve(outcome);
    });
  });
}
