import type { Duplex } from 'node:stream';
import { type CallOptions, type Clock, createSystemClock, FairleadError, type TunnelTransport } from '@fairlead/core';
import { timeLimit } from '../connection/time-limit.ts';
import { openTls, resolveTls, type TunnelTlsSource } from './tunnel-tls.ts';

/** Options of {@link DirectTlsTunnelTransport}. */
export interface DirectTlsTunnelTransportOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TunnelTlsSource;
  /** Default: the time of this machine. */
  readonly clock?: Clock | undefined;
  /** How long a dial may take, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** Dials the manager by TCP and TLS: from within the cluster, or where its port is exposed. */
export class DirectTlsTunnelTransport implements TunnelTransport<Duplex> {
  readonly #options: DirectTlsTunnelTransportOptions;
  readonly #clock: Clock;

  constructor(options: DirectTlsTunnelTransportOptions) {
    this.#options = options;
    this.#clock = options.clock ?? createSystemClock({ now: Date.now, setTimeout, clearTimeout });
  }

  async dial({ signal }: CallOptions = {}): Promise<Duplex> {
    signal?.throwIfAborted();
    const { host, port, tls, timeoutMs = 10_000 } = this.#options;
    const late = (): FairleadError =>
      new FairleadError('unreachable', `${host}:${port} did not answer within ${timeoutMs / 1_000} s`, {
        phase: 'tunnel',
      });
    using limit = timeLimit(this.#clock, timeoutMs, late, signal);
    const resolved = await resolveTls(tls, limit);
    const secured = await openTls({ host, port }, resolved, host, limit);
    secured.setNoDelay(true);
    return secured;
  }

  describe(): string {
    return `at ${this.#options.host}:${this.#options.port}`;
  }
}
