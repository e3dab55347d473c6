import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FairleadError } from '@fairlead/core';

/** What a {@link MetricsServer} serves. */
export interface Exposition {
  /** Every metric as text. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const requestMs = 5_000;
const maxConnections = 64;

/** Answers `GET /metrics`. Dispose it to stop. */
export class MetricsServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(metrics: Exposition) {
    this.#server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, (request, response) => {
      request.resume();
      void answer(metrics, `${request.method} ${request.url?.split('?', 1)[0]}`, response);
    });
    this.#server.maxConnections = maxConnections;
  }

  /** Listens on every address. Fails with `port-taken`. */
  static async listen(metrics: Exposition, port: number): Promise<MetricsServer> {
    const made = new MetricsServer(metrics);
    made.#server.listen(port);
    try {
      await once(made.#server, 'listening');
      return made;
    } catch (cause) {
      throw new FairleadError('port-taken', `metrics cannot be served on port ${port}`, { cause });
    }
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(metrics: Exposition, asked: string, response: ServerResponse): Promise<void> {
  if (asked !== 'GET /metrics') {
    response.writeHead(404).end('GET /metrics\n');
    return;
  }
  try {
    const { contentType, text } = await metrics.exposition();
    response.writeHead(200, { 'content-type': contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
