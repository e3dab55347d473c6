import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Socket } from 'node:net';

/** A request that a party got. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A real node:http server that answers with its name and what it was asked, and remembers. */
export class HttpParty implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.server = server;
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Starts one. A handler may answer by itself; it gets the request's whole body. */
  static async start(
    name: string,
    handler?: (request: IncomingMessage, response: ServerResponse, body: string) => boolean | undefined,
  ): Promise<HttpParty> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const body = Buffer.concat(pieces).toString('latin1');
        const { method = '', url = '', rawHeaders } = request;
        party.seen.push({ method, url, rawHeaders, body });
        if (handler?.(request, response, body)) return;
        response.end(`${name} ${method} ${url} ${body}`.trim());
      });
    });
    const party = new HttpParty(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return party;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The urls it was asked for, in order. */
  get urls(): string[] {
    return this.seen.map(({ url }) => url);
  }

  /** Cuts all its connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A real TCP server whose connections a test handles byte by byte. */
export class RawParty implements AsyncDisposable {
  readonly port: number;
  readonly sockets: Socket[] = [];
  readonly #server: ReturnType<typeof createRawServer>;

  private constructor(server: ReturnType<typeof createRawServer>) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts one; errors of its connections are of no interest. */
  static async start(onConnection: (socket: Socket) => void): Promise<RawParty> {
    const server = createRawServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      party.sockets.push(socket);
      socket.on('error', () => {});
      onConnection(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const party = new RawParty(server);
    return party;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
