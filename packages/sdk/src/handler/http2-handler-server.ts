import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import type { DivertedConnection } from './diverted-connection.ts';
import type { HandlerServerOptions } from './handler-server-options.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { fromHttp2, urlOfStream } from './http2-headers.ts';
import { maxHeadBytes } from './limits.ts';
import { pairs, toHeaders } from './raw-headers.ts';

/** How much of each body may be on its way before the handler reads it, in bytes. */
const windowBytes = 1 << 18;

/** Speaks HTTP/2 on diverted streams, each of which carries many requests, and lets a handler answer. */
export class Http2HandlerServer {
  readonly #options: HandlerServerOptions;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(options: HandlerServerOptions) {
    this.#options = options;
  }

  /** Serves the requests of one stream until it ends. */
  serve(stream: Duplex, connection: DivertedConnection): void {
    const session = performServerHandshake(stream, {
      maxHeaderListPairs: 2000,
      settings: { initialWindowSize: windowBytes, maxHeaderListSize: maxHeadBytes },
    });
    this.#sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => {
      this.#sessions.delete(session);
      stream.destroy();
    });
    session.on(
      'stream',
      (asked: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]) => {
        const { source, pod, containerPort } = connection;
        const method = headers[':method'] ?? 'GET';
        const url = urlOfStream(rawHeaders);
        const recording = this.#options.onCall({
          method,
          url,
          headers: toHeaders(fromHttp2(rawHeaders)),
          source,
          pod,
          containerPort,
        });
        const { intercept, marks, handler } = this.#options;
        // The first flag says that nothing follows the head.
        const isWhole = (flags & 1) !== 0;
        const parts = { stream: asked, headers, rawHeaders, isWhole, connection, intercept, marks, recording };
        void new Http2Exchange(parts).run(handler).then((error) => {
          if (error === undefined) return;
          const target = [...pairs(rawHeaders)].find(([name]) => name === ':path')?.[1] ?? '';
          this.#options.onFailure({ error, method, url: target });
        });
      },
    );
  }

  /** Ends each stream as soon as no answer is under way on it. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }
}
