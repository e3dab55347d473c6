import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { FairleadError } from '@fairlead/core';

/** Where to listen: a TCP port (0: any free one), or a path of a unix socket. */
export type ListenAddress =
  | { readonly host?: string; readonly port: number; readonly signal?: AbortSignal }
  | { readonly path: string; readonly signal?: AbortSignal };

/** A listening socket. Disposing stops it; connections that were taken stay with the relay. */
export interface RelayListener extends AsyncDisposable {
  /** The port really listened on; undefined for a unix socket. */
  readonly port: number | undefined;
}

/**
 * Listens on this machine and hands each connection to `attach`. Default host 127.0.0.1: what arrives here is neither
 * encrypted nor authenticated beyond what its hello proves. Fails with `port-taken`, or `bad-request` for an address
 * that cannot be listened on.
 */
export async function listenRelay(relay: { attach(duplex: Duplex): void }, at: ListenAddress): Promise<RelayListener> {
  at.signal?.throwIfAborted();
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => relay.attach(socket));
  server.listen('path' in at ? { path: at.path } : { host: at.host ?? '127.0.0.1', port: at.port });
  try {
    await once(server, 'listening', at.signal && { signal: at.signal });
  } catch (error) {
    server.close();
    at.signal?.throwIfAborted();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw FairleadError.from(error, isTaken ? 'port-taken' : 'bad-request', 'the relay cannot listen');
  }
  const address = server.address() as AddressInfo | string | null;
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    async [Symbol.asyncDispose]() {
      // Not awaited for its end: that comes only with the last connection.
      server.close();
    },
  };
}
