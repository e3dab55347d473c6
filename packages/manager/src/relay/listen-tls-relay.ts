import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer } from 'node:tls';
import { FairleadError, type Logger } from '@fairlead/core';
import type { RelayListener } from '@fairlead/relay';
import type { HotReloadingTls } from '@fairlead/webhook/server';
import { listenProxied } from './listen-proxied.ts';

/** Where and with what a relay listens. */
export interface TlsRelayOptions {
  readonly tls: HotReloadingTls;
  /** 0: any that is free. */
  readonly port: number;
  /** Where TLS comes through the API server's proxy, see {@link listenProxied}. 0: any that is free. */
  readonly proxiedPort: number;
  readonly logger: Logger;
}

/** A relay's two ports. */
export interface TlsRelayListener extends RelayListener {
  readonly proxiedPort: number | undefined;
}

const handshakeMs = 5_000;
const maxConnections = 10_000;

/**
 * Listens for agents and sessions by TLS and hands each connection to `attach`. Its certificate may change meanwhile. Fails
 * with `port-taken`.
 */
export async function listenTlsRelay(
  relay: { attach(duplex: Duplex): void },
  { tls, port, proxiedPort, logger }: TlsRelayOptions,
): Promise<TlsRelayListener> {
  const server = createServer({ ...tls.options, handshakeTimeout: handshakeMs }, (socket) => {
    socket.setNoDelay(true);
    relay.attach(socket);
  });
  server.maxConnections = maxConnections;
  server.on('tlsClientError', (error, socket) => {
    logger.debug({ reason: error.message }, 'no TLS came about');
    // Node only says so when the time for the handshake is over.
    socket.destroy();
  });
  const following = tls.attach(server);
  const close = (): void => {
    following[Symbol.dispose]();
    // Not awaited for its end: that comes only with the last connection, and those are the relay's.
    server.close();
  };
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (cause) {
    close();
    throw new FairleadError('port-taken', `tunnels cannot be served on port ${port}`, { cause });
  }
  try {
    const proxied = await listenProxied((socket) => server.emit('connection', socket), { port: proxiedPort, logger });
    return {
      port: (server.address() as AddressInfo).port,
      proxiedPort: proxied.port,
      async [Symbol.asyncDispose]() {
        close();
        await proxied[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
