import { connect, type Socket } from 'node:net';
import { type CallOptions, FairleadError, type TunnelTransport } from '@fairlead/core';

/** Where a relay listens on this machine. */
export type RelayAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** Who listens on this machine answers at once. */
const dialTimeoutMs = 5_000;

/** Dials a relay on this machine, over TCP or a unix socket. Its connections can be dropped, to see what follows. */
export class LocalTunnelTransport implements TunnelTransport<Socket> {
  readonly #address: RelayAddress;
  readonly #sockets = new Set<Socket>();

  constructor(address: RelayAddress) {
    this.#address = address;
  }

  async dial(options: CallOptions = {}): Promise<Socket> {
    const { signal } = options;
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(dialTimeoutMs);
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    const socket = connect({ ...this.#address, noDelay: true });
    const abort = (): void => void socket.destroy(new Error('aborted'));
    either.addEventListener('abort', abort);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
    } catch (cause) {
      signal?.throwIfAborted();
      const said = limit.aborted ? `no answer within ${dialTimeoutMs} ms` : (cause as Error).message;
      throw new FairleadError('unreachable', `the relay at ${this.#shown} cannot be reached: ${said}`, {
        phase: 'tunnel',
        cause,
      });
    } finally {
      either.removeEventListener('abort', abort);
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  /** Destroys every open connection. New ones can be made. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get #shown(): string {
    return 'path' in this.#address ? this.#address.path : `${this.#address.host}:${this.#address.port}`;
  }
}
