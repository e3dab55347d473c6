import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import { joinStreams } from '../join-streams.ts';
import type { DivertedConnection } from './diverted-connection.ts';
import { Exchange } from './exchange.ts';
import { firstBytes, mayBeHttp1 } from './first-bytes.ts';
import { maxHeadBytes } from './limits.ts';
import type { RequestHandler } from './request-handler.ts';
import { bridgeUpgrade, isIgnorableUpgrade, takeBackUpgrade } from './upgrade.ts';

/** What a {@link HandlerServer} works for. */
export interface HandlerServerOptions {
  /** The intercept's name: stands in failures and in the context. */
  readonly intercept: string;
  readonly handler: RequestHandler;
  /** A request arrived. */
  readonly onCall: () => void;
  /** A request could not be answered as the handler should have. */
  readonly onFailure: (failure: HandlerFailure) => void;
}

/** Why a caller got a 502. */
export interface HandlerFailure {
  readonly error: unknown;
  readonly method: string;
  /** The request target as the caller wrote it. */
  readonly url: string;
}

interface Served {
  readonly connection: DivertedConnection;
  /** Requests whose answer is still under way. */
  busy: number;
}

/** Speaks HTTP/1 on diverted streams and lets a handler answer. Streams that carry something else go to the app. */
export class HandlerServer {
  readonly #options: HandlerServerOptions;
  readonly #server: Server;
  readonly #served = new Map<Duplex, Served>();
  /** Requests whose answer is still under way, on all streams. */
  #busy = 0;
  #isClosing = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: HandlerServerOptions) {
    this.#options = options;
    this.#server = createServer({
      insecureHTTPParser: true,
      maxHeaderSize: maxHeadBytes,
      keepAliveTimeout: 0,
      headersTimeout: 0,
      requestTimeout: 0,
    });
    // A caller that ends its side after the request still gets the answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on('request', (message, out) => void this.#answer(message, out));
    this.#server.on('upgrade', (message, stream, head) => this.#upgrade(message, stream, head));
    this.#server.on('connect', (message, stream, head) => this.#upgrade(message, stream, head));
    this.#server.on('clientError', (error, stream) => this.#refuse(error, stream));
  }

  /** Serves the requests of one stream, one after the other, until it ends. */
  async serve(stream: Duplex, connection: DivertedConnection): Promise<void> {
    stream.on('error', () => {});
    this.#served.set(stream, { connection, busy: 0 });
    stream.once('close', () => this.#served.delete(stream));
    if (!connection.isHttp) {
      const first = await firstBytes(stream);
      if (first === undefined) {
        stream.end();
        return;
      }
      if (!mayBeHttp1(first)) {
        await this.#bypass(stream, connection);
        return;
      }
    }
    this.#server.emit('connection', stream);
  }

  /** Ends each stream as soon as no answer is under way on it. */
  close(): void {
    this.#isClosing = true;
    for (const [stream, { busy }] of this.#served) if (busy === 0) stream.end();
  }

  /** Resolves when no answer is under way. */
  async idle(): Promise<void> {
    if (this.#busy === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  async #answer(message: IncomingMessage, out: ServerResponse): Promise<void> {
    const served = this.#served.get(message.socket);
    if (!served) {
      out.destroy();
      return;
    }
    served.busy += 1;
    this.#busy += 1;
    this.#options.onCall();
    out.once('close', () => {
      served.busy -= 1;
      this.#busy -= 1;
      if (this.#isClosing && served.busy === 0) message.socket.end();
      if (this.#busy === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    });
    const exchange = new Exchange(message, out, served.connection, this.#options.intercept);
    const error = await exchange.run(this.#options.handler);
    if (error !== undefined) this.#failed(error, message);
  }

  #upgrade(message: IncomingMessage, stream: Duplex, head: Buffer): void {
    const served = this.#served.get(stream);
    if (!served) stream.destroy();
    else if (isIgnorableUpgrade(message)) {
      takeBackUpgrade(message, stream, head);
      this.#server.emit('connection', stream);
    } else {
      // From here on it is the app's connection; closing must not end it between two messages.
      this.#served.delete(stream);
      const openApp = (): Promise<Duplex> => served.connection.openApp(closeOf(stream));
      void bridgeUpgrade(message, stream, head, openApp).then((error) => error && this.#failed(error, message));
    }
  }

  async #bypass(stream: Duplex, connection: DivertedConnection): Promise<void> {
    this.#served.delete(stream);
    try {
      await joinStreams(stream, await connection.openApp(closeOf(stream)));
    } catch (error) {
      this.#failed(error, {});
      stream.destroy();
    }
  }

  #refuse(error: Error, stream: Duplex): void {
    if (stream.destroyed || !stream.writable) return;
    const code = 'code' in error ? String(error.code) : '';
    if (code.startsWith('HPE_')) {
      this.#failed(FairleadError.from(error, 'bad-request', 'the diverted bytes are not HTTP/1'), {});
      stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } else stream.destroy(error);
  }

  #failed(error: unknown, { method, url }: Pick<IncomingMessage, 'method' | 'url'>): void {
    this.#options.onFailure({ error, method: method ?? '', url: url ?? '' });
  }
}

/** Aborts when the stream is closed. */
function closeOf(stream: Duplex): AbortSignal {
  const closed = new AbortController();
  stream.once('close', () => closed.abort(new FairleadError('connection-lost', 'the caller left', { phase: 'serve' })));
  return closed.signal;
}
