import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, FairleadError, type Logger, SilentLogger } from '@fairlead/core';
import { AdmissionRoutes } from './admission-routes.ts';
import {
  type AdmissionServerOptions,
  type AdmissionServerParts,
  admissionServerDefaults,
} from './admission-server-options.ts';
import { errorOf } from './error-of.ts';
import { sendAnswer } from './http-answer.ts';

/** Longer than the 90 seconds for which API servers keep an idle connection, so that the one that closes it is they. */
const keepAliveTimeoutMs = 120_000;
const handshakeTimeoutMs = 5_000;
const defaultDrainMs = 5_000;

/** How an admission server ends. */
export interface CloseOptions {
  /** How long requests that are being answered may go on. Default 5 000. */
  readonly drainMs?: number;
}

/** An HTTPS server that answers an API server's questions about pods and intercepts. */
export class AdmissionServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #routes: AdmissionRoutes;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  readonly #attached: Disposable;
  #closed: Promise<void> | undefined;

  /**
   * Takes a server that is not listening yet.
   * @internal
   */
  constructor(server: Server, routes: AdmissionRoutes, parts: AdmissionServerParts) {
    this.#server = server;
    this.#routes = routes;
    this.#clock = parts.clock;
    this.#logger = parts.logger ?? new SilentLogger();
    this.#attached = parts.tls.attach(server);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('error', (error) => this.#logger.error({ reason: error.message }, 'admission server has a problem'));
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Bytes of requests that are being received or worked on. */
  get heldBytes(): number {
    return this.#routes.heldBytes;
  }

  /**
   * Is not ready any more, takes no further connections, lets what is being answered end within the time, then cuts. The
   * hook that runs is aborted at the end of that time. Safe to call twice: the first call's time counts.
   */
  close({ drainMs = defaultDrainMs }: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  /** Closes with the default time. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.#routes.beginClosing();
    const closed = once(this.#server, 'close');
    this.#server.close();
    const timer = this.#clock.after(drainMs, () => {
      this.#routes.stopHooks();
      for (const socket of this.#sockets) socket.destroy();
    });
    await closed;
    timer[Symbol.dispose]();
    this.#routes.stopHooks();
    this.#attached[Symbol.dispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new FairleadError('connection-lost', 'the caller is gone')));
    if (this.#closed) response.setHeader('connection', 'close');
    try {
      const answer = await this.#routes.answer(request, gone.signal);
      if (this.#closed && !response.headersSent) response.setHeader('connection', 'close');
      sendAnswer(response, answer);
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      this.#logger.error({ path: request.url?.slice(0, 100), code, reason: message }, 'request could not be answered');
      sendAnswer(response, { status: 500, body: 'cannot answer' });
    }
  }
}

/** Listens and serves. Fails with `port-taken`, or `bad-request` for an address that cannot be listened on. */
export async function listenAdmission(
  parts: AdmissionServerParts,
  options: AdmissionServerOptions = {},
): Promise<AdmissionServer> {
  const { host, signal, ...rest } = options;
  signal?.throwIfAborted();
  const limits = { ...admissionServerDefaults, ...rest };
  const { receiveTimeoutMs, port, connections } = limits;
  const server = createServer({
    ...parts.tls.options,
    handshakeTimeout: handshakeTimeoutMs,
    headersTimeout: receiveTimeoutMs,
    requestTimeout: receiveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, receiveTimeoutMs),
    keepAliveTimeout: keepAliveTimeoutMs,
  });
  server.maxConnections = connections;
  const admission = new AdmissionServer(server, new AdmissionRoutes(parts, limits), parts);
  server.listen({ port, ...(host !== undefined && { host }) });
  try {
    await once(server, 'listening', signal && { signal });
    return admission;
  } catch (error) {
    await admission.close();
    signal?.throwIfAborted();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw FairleadError.from(error, isTaken ? 'port-taken' : 'bad-request', 'the admission server cannot listen');
  }
}
