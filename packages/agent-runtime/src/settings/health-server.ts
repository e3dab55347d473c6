import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { FairleadError } from '@fairlead/core';

/** More of a request than any probe sends. */
const maxRequestBytes = 4096;
const requestMs = 5_000;

/**
 * Answers `/healthz` (the process runs), `/ready` and `/readyz` (it also serves). On bare sockets: the HTTP modules of Node
 * would cost an idle agent more memory than everything else that it does.
 */
export class HealthServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** Whether `/ready` says yes. */
  isReady = false;

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  /** Listens. Fails with `port-taken`. */
  static async listen(port: number, host?: string): Promise<HealthServer> {
    const health = new HealthServer();
    health.#server.listen({ port, ...(host !== undefined && { host }) });
    try {
      await once(health.#server, 'listening');
    } catch (cause) {
      throw new FairleadError('port-taken', `readiness cannot be served on ${host ?? '*'}:${port}`, { cause });
    }
    return health;
  }

  /** The port really listened on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    let request = '';
    socket.setEncoding('latin1');
    socket.setTimeout(requestMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#open.delete(socket));
    socket.on('data', (text: string) => {
      request += text;
      if (request.includes('\r\n\r\n')) socket.end(this.#answer(request));
      else if (request.length > maxRequestBytes) socket.destroy();
    });
  }

  #answer(request: string): string {
    const [, path] = /^(?:GET|HEAD) (\/[a-z]*)[ ?]/.exec(request) ?? [];
    if (path === '/healthz') return respond('200 OK', 'ok');
    if (path !== '/ready' && path !== '/readyz') return respond('404 Not Found', 'not found');
    return this.isReady ? respond('200 OK', 'ready') : respond('503 Service Unavailable', 'not ready');
  }
}

function respond(status: string, text: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${text.length + 1}\r\nconnection: close\r\n\r\n${text}\n`;
}
