import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer } from 'node:tls';
import { FairleadError, type Logger } from '@fairlead/core';
import type { RelayListener } from '@fairlead/relay';
import type { HotReloadingTls } from '@fairlead/webhook/server';

/** Where and with what a relay listens. */
export interface TlsRelayOptions {
  readonly tls: HotReloadingTls;
  /** 0: any that is free. */
  readonly port: number;
  readonly logger: Logger;
}

const handshakeMs = 5_000;
const maxConnections = 10_000;

/**
 * Listens for agents and sessions by TLS and hands each connection to `attach`. Its certificate may change meanwhile. Fails
 * with `port-taken`.
 */
export async function listenTlsRelay(
  relay: { attach(duplex: Duplex): void },
  { tls, port, logger }: TlsRelayOptions,
): Promise<RelayListener> {
  const server = createServer({ ...tls.options, handshakeTimeout: handshakeMs }, (socket) => {
    socket.setNoDelay(true);
    relay.attach(socket);
  });
  server.maxConnections = maxConnections;
  server.on('tlsClientError', (error) => logger.debug({ reason: error.message }, 'no TLS came about'));
  const following = tls.attach(server);
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (cause) {
    following[Symbol.dispose]();
    throw new FairleadError('port-taken', `tunnels cannot be served on port ${port}`, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]();
      // Not awaited for its end: that comes only with the last connection, and those are the relay's.
      server.close();
    },
  };
}
