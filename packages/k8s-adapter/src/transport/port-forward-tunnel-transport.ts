import type { Duplex } from 'node:stream';
import { type CallOptions, FairleadError, type TunnelTransport } from '@fairlead/core';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { timeLimit } from '../connection/time-limit.ts';
import { caIsMissing, defaultManager, type FoundManager, findManager, type ManagerLocation } from './find-manager.ts';
import { openPortForward, type PortForwardProtocol } from './open-port-forward.ts';
import { openTls, resolveTls, type TunnelTls, type TunnelTlsSource } from './tunnel-tls.ts';

/** Options of {@link PortForwardTunnelTransport}. */
export interface PortForwardTunnelTransportOptions {
  /** Default {@link defaultManager}. */
  readonly manager?: Partial<ManagerLocation> | undefined;
  /**
   * How to know the manager: then TLS runs on the forwarded bytes up to the manager itself. True: by the CA that stands on its
   * Service. False: no TLS. Default: none where the manager has a port for that on its pod's loopback, else as true.
   */
  readonly tls?: TunnelTlsSource | boolean | undefined;
  /** What the dialler shows, when the CA comes from the Service. Default nothing. PEM. */
  readonly certificate?: TunnelTls['certificate'];
  /** What is tried where the API server does not forward ports. Default nothing. */
  readonly fallback?: TunnelTransport<Duplex> | undefined;
  /** What ports are forwarded by. Default as of {@link openPortForward}. */
  readonly forwarding?: PortForwardProtocol | undefined;
  /** How long a dial may take, in milliseconds. Default 15 000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Dials the manager's leader through the API server, as `kubectl port-forward` does: all that a client needs is its
 * kubeconfig. Each dial finds the leader anew. The way is encrypted by the API server's and the kubelet's TLS.
 */
export class PortForwardTunnelTransport implements TunnelTransport<Duplex> {
  readonly #connection: KubernetesConnection;
  readonly #options: PortForwardTunnelTransportOptions;
  readonly #manager: ManagerLocation;
  readonly #forwarded = new WeakSet<Duplex>();

  constructor(connection: KubernetesConnection, options: PortForwardTunnelTransportOptions = {}) {
    this.#connection = connection;
    this.#options = options;
    this.#manager = { ...defaultManager, ...options.manager };
  }

  async dial(options: CallOptions = {}): Promise<Duplex> {
    options.signal?.throwIfAborted();
    try {
      const stream = await this.#dial(options);
      this.#forwarded.add(stream);
      return stream;
    } catch (error) {
      options.signal?.throwIfAborted();
      const { fallback } = this.#options;
      if (fallback && error instanceof FairleadError && error.code === 'unsupported')
        return await fallback.dial(options);
      throw error;
    }
  }

  describe(stream: Duplex): string | undefined {
    if (this.#forwarded.has(stream)) return 'by a port that the API server forwards';
    return this.#options.fallback?.describe?.(stream);
  }

  async #dial({ signal }: CallOptions): Promise<Duplex> {
    const { timeoutMs = 15_000, forwarding } = this.#options;
    const late = (): FairleadError =>
      new FairleadError('unreachable', `the manager could not be dialled within ${timeoutMs / 1_000} s`, {
        phase: 'tunnel',
      });
    using limit = timeLimit(this.#connection.clock, timeoutMs, late, signal);
    const manager = await findManager(this.#connection, this.#manager, limit);
    const { port, tls } = await this.#way(manager, limit);
    const to = { ...manager, port };
    const options = { signal: limit.signal, forwarding };
    const stream = await openPortForward(this.#connection, to, options).catch((error) => {
      throw asDialFailure(error);
    });
    if (!tls) return stream;
    return await openTls({ socket: stream }, tls, manager.servername, limit);
  }

  /** To which port of the manager's pod, and what is spoken on it. */
  async #way(
    { ca, forwarded, port }: FoundManager,
    options: CallOptions,
  ): Promise<{ readonly port: number; readonly tls?: TunnelTls }> {
    const { tls, certificate } = this.#options;
    if (tls === false) return { port };
    if (tls !== undefined && tls !== true) return { port, tls: await resolveTls(tls, options) };
    if (tls === undefined && certificate === undefined && forwarded !== undefined) return { port: forwarded };
    if (ca) return { port, tls: { ca, certificate } };
    throw caIsMissing(this.#manager);
  }
}

/** The pod may be gone between being found and being dialled; to the caller that is one thing. */
function asDialFailure(error: unknown): unknown {
  if (!(error instanceof FairleadError) || error.code !== 'not-found') return error;
  return new FairleadError('unreachable', error.message, { phase: 'tunnel', cause: error });
}
