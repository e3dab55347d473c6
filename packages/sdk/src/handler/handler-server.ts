import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import { joinStreams } from '@fairlead/tunnel';
import type { DivertedConnection } from './diverted-connection.ts';
import { Exchange } from './exchange.ts';
import { firstBytes, isHttp2Preface, mayBeHttp1 } from './first-bytes.ts';
import type { HandlerServerOptions } from './handler-server-options.ts';
import { Http2HandlerServer } from './http2-handler-server.ts';
import { maxHeadBytes } from './limits.ts';
import { toHeaders } from './raw-headers.ts';
import { urlOf } from './to-request.ts';
import { bridgeUpgrade, isIgnorableUpgrade, takeBackUpgrade } from './upgrade.ts';

/**
 * How long a stream without a request stays after the intercept was left, in milliseconds. A request may be on its way: one
 * that matched while the traffic-agents did not know yet, or the next one of a connection that is kept alive.
 */
const quietMs = 1_000;

interface Served {
  readonly connection: DivertedConnection;
  /** Requests whose answer is still under way. */
  busy: number;
}

/** Speaks HTTP on diverted streams and lets a handler answer. Streams that carry something else go to the app. */
export class HandlerServer implements Disposable {
  readonly #options: HandlerServerOptions;
  readonly #server: Server;
  readonly #http2: Http2HandlerServer;
  readonly #served = new Map<Duplex, Served>();
  #isClosing = false;
  #quiet: Disposable | undefined;

  constructor(options: HandlerServerOptions) {
    this.#options = options;
    this.#http2 = new Http2HandlerServer(options);
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

  /** Serves the requests of one stream until it ends. */
  async serve(stream: Duplex, connection: DivertedConnection): Promise<void> {
    stream.on('error', () => {});
    if (connection.isHttp2) {
      this.#http2.serve(stream, connection);
      return;
    }
    this.#served.set(stream, { connection, busy: 0 });
    stream.once('close', () => this.#served.delete(stream));
    if (!connection.isHttp) {
      const first = await firstBytes(stream);
      if (first === undefined) {
        stream.end();
        return;
      }
      if (isHttp2Preface(first)) {
        this.#served.delete(stream);
        this.#http2.serve(stream, connection);
        return;
      }
      if (!mayBeHttp1(first)) {
        await this.#bypass(stream, connection);
        return;
      }
    }
    this.#server.emit('connection', stream);
  }

  /**
   * Lets streams end. Those of whole connections end after the next answer, or when none was asked for a while; those of
   * single requests are ended by the traffic-agent when it hears that the intercept is over, else after a while as well.
   */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#quiet = this.#options.clock.after(quietMs, () => {
      for (const [stream, { busy }] of this.#served) if (busy === 0) stream.end();
      this.#http2.close();
    });
  }

  /** Nothing is to be ended any more. */
  [Symbol.dispose](): void {
    this.#quiet?.[Symbol.dispose]();
  }

  async #answer(message: IncomingMessage, out: ServerResponse): Promise<void> {
    const served = this.#served.get(message.socket);
    if (!served) {
      out.destroy();
      return;
    }
    served.busy += 1;
    if (this.#isClosing && !served.connection.isHttp) out.shouldKeepAlive = false;
    out.once('close', () => {
      served.busy -= 1;
      if (this.#isClosing && served.busy === 0 && !served.connection.isHttp) message.socket.end();
    });
    const { source, pod, containerPort } = served.connection;
    const recording = this.#options.onCall({
      method: message.method ?? 'GET',
      url: urlOf(message),
      headers: toHeaders(message.rawHeaders),
      source,
      pod,
      containerPort,
    });
    const exchange = new Exchange(
      message,
      out,
      served.connection,
      this.#options.intercept,
      this.#options.marks,
      recording,
    );
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
