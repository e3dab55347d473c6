import { createServer, type Server } from 'node:net';
import { FairleadError, type PortProxy, type PortRoutes, type ProxyStats } from '@fairlead/core';
import { type AcceptSocket, acceptOn } from './accepting.ts';
import { Connection } from './connection.ts';
import { type PortContext, type PortCounters, zeroCounters } from './port-context.ts';
import { compileRoutes, noRoutes, type RouteTable } from './routes.ts';

/** How long a silent client is believed to be alive before the kernel asks whether it is. */
const keepAliveMs = 60_000;

/** What a port's connections share, but for what the port itself keeps. */
export type PortSurroundings = Omit<PortContext, 'routes' | 'isDraining' | 'counters'>;

/** One port on a node server socket. */
export class PortListener implements PortProxy, PortContext {
  readonly containerPort: PortContext['containerPort'];
  readonly app: PortContext['app'];
  readonly diverter: PortContext['diverter'];
  readonly clock: PortContext['clock'];
  readonly logger: PortContext['logger'];
  readonly limits: PortContext['limits'];
  readonly pool: PortContext['pool'];
  readonly reads: PortContext['reads'];
  readonly misses: PortContext['misses'];
  readonly counters: PortCounters = zeroCounters();
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #routes: RouteTable = noRoutes;
  #isDraining = false;
  readonly #whenIdle: (() => void)[] = [];
  #guard: Disposable | undefined;

  private constructor(surroundings: PortSurroundings) {
    this.containerPort = surroundings.containerPort;
    this.app = surroundings.app;
    this.diverter = surroundings.diverter;
    this.clock = surroundings.clock;
    this.logger = surroundings.logger;
    this.limits = surroundings.limits;
    this.pool = surroundings.pool;
    this.reads = surroundings.reads;
    this.misses = surroundings.misses;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  }

  /** Starts to listen. Fails with `port-taken`, or with `internal` and the cause. */
  static async open(surroundings: PortSurroundings, port: number, host?: string): Promise<PortListener> {
    const listener = new PortListener(surroundings);
    await listener.#listen(port, host);
    return listener;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** The routes in force. */
  get routes(): RouteTable {
    return this.#routes;
  }

  /** The port is being closed. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  async apply(routes: PortRoutes): Promise<void> {
    const next = compileRoutes(routes);
    const previous = this.#routes;
    this.#routes = next;
    const ended = cutting(previous, next);
    const begun = cutting(next, previous);
    for (const connection of this.#connections) {
      const to = connection.divertedTo;
      if (to.length === 0 ? begun.size > 0 : to.some((id) => ended.has(id))) connection.reset();
      else connection.routesChanged();
    }
  }

  stats(): ProxyStats {
    const total = { ...this.counters, open: this.#connections.size };
    for (const { client } of this.#connections) {
      total.bytesIn += client.bytesRead;
      total.bytesOut += client.bytesWritten;
    }
    return total;
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    this.#server.close();
    for (const connection of this.#connections) connection.drain();
    using _timer = this.clock.after(timeoutMs, () => this.#cut());
    await this.#idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDraining = true;
    this.#server.close();
    this.#cut();
    await this.#idle();
  }

  #listen(port: number, host: string | undefined): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'EADDRINUSE' ? 'port-taken' : 'internal';
        reject(FairleadError.from(error, code, `listening on ${host ?? '*'}:${port}`));
      });
      server.listen({ port, backlog: this.limits.backlog, ...(host !== undefined && { host }) }, () => {
        server.removeAllListeners('error');
        acceptOn(server, this.reads, this.#accept);
        // Accepting may fail for want of file descriptors; the next connection may be luckier.
        server.on('error', (error) =>
          this.logger.error({ port, error: error.message }, 'a connection was not accepted'),
        );
        resolve();
      });
    });
  }

  readonly #accept = (make: AcceptSocket): void => {
    this.counters.connections += 1;
    this.#connections.add(new Connection(make, this, this.#closed));
    this.#guard ??= this.clock.after(keepAliveMs, () => this.#guardConnections());
  };

  /**
   * Lets the kernel ask clients whether they are alive: the app cannot, as it is connected to us. Only those that stay,
   * as it takes four system calls and most connections are short.
   */
  #guardConnections(): void {
    for (const { client } of this.#connections) client.setKeepAlive(true, keepAliveMs);
    this.#guard =
      this.#connections.size > 0 ? this.clock.after(keepAliveMs, () => this.#guardConnections()) : undefined;
  }

  readonly #closed = (connection: Connection): void => {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    for (const tell of this.#whenIdle.splice(0)) tell();
  };

  /** Resolves when no connection is open; none is accepted any more. */
  async #idle(): Promise<void> {
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    this.#guard?.[Symbol.dispose]();
    this.#guard = undefined;
  }

  #cut(): void {
    for (const connection of this.#connections) connection.reset();
  }
}

/** The intercepts in `these` and not in `those` that want connections cut. */
function cutting(these: RouteTable, those: RouteTable): ReadonlySet<string> {
  const ids = [...these.intercepts.values()]
    .filter((intercept) => intercept.toggle === 'cut' && !those.intercepts.has(intercept.id))
    .map((intercept) => intercept.id);
  return new Set(ids);
}
