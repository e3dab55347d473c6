import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type CallOptions, FairleadError, type Logger } from '@fairlead/core';
import { joinStreams, type TunnelStream } from '@fairlead/tunnel';
import { notify } from '../notify.ts';

/** Options of `Session.forward`. The signal ends it at any time of its life. */
export interface ForwardOptions extends CallOptions {
  /** The local port. Default: one that is free. */
  readonly port?: number | undefined;
  /** The local address that is listened on. Default `127.0.0.1`: nobody but this machine. */
  readonly host?: string | undefined;
  /**
   * Told why a connection did not come about, which its client sees reset: with the codes of `Session.dial`. Default: the
   * session's logger is told.
   */
  readonly onFailure?: ((error: FairleadError) => void) | undefined;
}

/** A stream to a Service that may be used before it is known whether the Service is reached. */
export interface OpeningStream {
  readonly stream: TunnelStream;
  /** Rejects with why it is not reached. */
  readonly accepted: Promise<unknown>;
}

/** What a {@link ServiceForward} is made of. */
export interface ServiceForwardParts {
  /** As the caller has written it. */
  readonly address: string;
  /** Throws when no stream can be had at the moment. */
  readonly open: () => OpeningStream;
  readonly logger: Logger;
  /** Called once, when nothing is left of it. */
  readonly onClosed: (forward: ServiceForward) => void;
}

/**
 * A local port that leads to a Service, for clients that want a host and a port: drivers of databases, brokers, browsers.
 * Made by `Session.forward()`. Each connection is a stream of its own through the tunnel; what its client sends goes along at
 * once, without a wait for the Service.
 */
export class ServiceForward implements AsyncDisposable {
  /** Where it leads: `orders:5432`. */
  readonly address: string;
  /** The local address. */
  readonly host: string;
  /** The local port. */
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #parts: ServiceForwardParts;
  readonly #onFailure: (error: FairleadError) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.close();
  #closing: Promise<void> | undefined;

  private constructor(server: Server, parts: ServiceForwardParts, { onFailure, signal }: ForwardOptions) {
    const { address, port } = server.address() as AddressInfo;
    this.address = parts.address;
    this.host = address;
    this.port = port;
    this.#server = server;
    this.#parts = parts;
    this.#onFailure =
      onFailure ??
      (({ code, message }) => parts.logger.warn({ address: parts.address, code, message }, 'connection not forwarded'));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    // An error after it listens is of one connection, which could not be taken.
    server.on('error', (error) => this.#failed(error)).on('connection', (socket) => this.#take(socket));
  }

  /** @internal Listens. Fails with `bad-request`, `port-taken`, or with the signal's reason. */
  static async open(parts: ServiceForwardParts, options: ForwardOptions): Promise<ServiceForward> {
    const { host = '127.0.0.1', port = 0, signal } = options;
    if (host === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
      const said = `cannot listen on ${JSON.stringify(host)}, port ${port}: that is no address`;
      throw new FairleadError('bad-request', said, { phase: 'input' });
    }
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    // It may fail after the signal has aborted, when nobody waits for it any more.
    server.on('error', () => {});
    try {
      server.listen({ host, port });
      await once(server, 'listening', { signal });
      signal?.throwIfAborted();
    } catch (cause) {
      server.close();
      signal?.throwIfAborted();
      const isTaken = ['EADDRINUSE', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? '');
      throw FairleadError.from(cause, isTaken ? 'port-taken' : 'bad-request', `listening on ${host}, port ${port}`);
    }
    return new ServiceForward(server, parts, options);
  }

  /** Ends it, and its connections. Never rejects; harmless the second time. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
    this.#parts.onClosed(this);
  }

  #take(socket: Socket): void {
    let isClientGone = false;
    this.#sockets.add(socket);
    socket
      .on('error', () => {
        isClientGone = true;
      })
      .once('close', () => this.#sockets.delete(socket));
    try {
      const { stream, accepted } = this.#parts.open();
      resetWith(stream, socket);
      accepted.catch((error) => {
        if (!isClientGone) this.#failed(error);
      });
      void joinStreams(socket, stream);
    } catch (error) {
      socket.resetAndDestroy();
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!this.#closing) notify(() => this.#onFailure(FairleadError.from(error, 'connection-lost')));
  }
}

/**
 * A stream that fails before its end must not look to the client as if all were said. Goes before joining the two, which would
 * only end the socket.
 */
function resetWith(stream: TunnelStream, socket: Socket): void {
  const reset = (): void => {
    if (!stream.readableEnded) socket.resetAndDestroy();
  };
  stream.once('error', reset).once('close', reset);
}
