import { connect, type Socket } from 'node:net';
import type { Balancer, Endpoint } from './balancer.ts';
import { Http1Boundary } from './http1-boundary.ts';
import type { Carried, SocketAddress } from './pod-network.ts';

/** How many endpoints are tried for one connection. */
const maxAttempts = 8;
/** A listening socket on this machine answers at once; a stopped one that is full does not. */
const dialTimeoutMs = 5_000;

/**
 * One client's connection through a Service. Bytes, half-closes and resets are passed on untouched. When its pod
 * retires, an HTTP/1 connection moves to another pod between two exchanges: the client keeps its connection and loses
 * nothing. Everything else stays with its pod to the end.
 */
export class CarriedConnection implements Carried {
  readonly #client: Socket;
  readonly #balancer: Balancer;
  readonly #boundary = new Http1Boundary();
  readonly #gone = new AbortController();
  #server: Socket | undefined;
  #release: () => void = () => {};
  #mustLeave = false;
  #stays = false;
  #isAttaching = false;
  /** The client has ended while no endpoint was there to be told. */
  #hasEnded = false;

  /** Carries an accepted, paused socket to an endpoint of the balancer. */
  constructor(client: Socket, balancer: Balancer) {
    this.#client = client;
    this.#balancer = balancer;
    client.setNoDelay(true);
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    client.on('end', () => this.#clientEnded());
    client.on('drain', () => this.#server?.resume());
    client.on('error', () => this.#server?.resetAndDestroy());
    client.on('close', () => this.#clientGone());
    client.pause();
    void this.#attach(undefined);
  }

  get exchanging(): boolean {
    return this.#boundary.exchanging;
  }

  leave(): void {
    if (this.#stays) return;
    this.#mustLeave = true;
    if (this.#server && this.#boundary.between) this.#detach();
  }

  cut(): void {
    this.#client.resetAndDestroy();
    this.#server?.resetAndDestroy();
    this.#clientGone();
  }

  #fromClient(chunk: Buffer): void {
    const server = this.#server;
    if (server === undefined) {
      this.#client.pause();
      void this.#attach(chunk);
      return;
    }
    this.#boundary.fromClient(chunk);
    if (!server.write(chunk)) this.#client.pause();
  }

  /** A paused socket that has nothing left to read ends all the same: what it has sent may still wait for an endpoint. */
  #clientEnded(): void {
    if (this.#server) this.#server.end();
    else if (this.#isAttaching) this.#hasEnded = true;
    else this.#client.end();
  }

  async #attach(first: Buffer | undefined): Promise<void> {
    this.#isAttaching = true;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const endpoint = await this.#balancer.next(this.#gone.signal);
      if (endpoint === undefined) break;
      const server = await dial(endpoint.network.outside(endpoint.port));
      if (this.#gone.signal.aborted) {
        server?.destroy();
        return;
      }
      if (server === undefined) continue;
      if (endpoint.network.retiring && !endpoint.stays) {
        server.destroy();
        continue;
      }
      this.#adopt(server, endpoint, first);
      return;
    }
    this.#client.resetAndDestroy();
  }

  #adopt(server: Socket, endpoint: Endpoint, first: Buffer | undefined): void {
    const client = this.#client;
    const current = (): boolean => this.#server === server;
    this.#server = server;
    this.#isAttaching = false;
    this.#mustLeave = false;
    this.#stays = endpoint.stays ?? false;
    this.#release = endpoint.network.carry(this);
    server.on('data', (chunk: Buffer) => {
      if (!current()) return;
      this.#boundary.fromServer(chunk);
      if (!client.write(chunk)) server.pause();
      if (this.#mustLeave && this.#boundary.between) this.#detach();
    });
    server.on('drain', () => current() && client.resume());
    server.on('end', () => current() && this.#serverEnded());
    server.on('error', () => current() && client.resetAndDestroy());
    server.on('close', () => current() && this.#release());
    if (first) this.#fromClient(first);
    if (this.#hasEnded) server.end();
    if (!server.writableNeedDrain) client.resume();
  }

  #serverEnded(): void {
    if (this.#mustLeave && this.#boundary.between) this.#detach();
    else this.#client.end();
  }

  #detach(): void {
    const server = this.#server;
    this.#server = undefined;
    this.#mustLeave = false;
    this.#release();
    server?.destroy();
    this.#client.resume();
  }

  #clientGone(): void {
    this.#gone.abort();
    this.#server?.destroy();
    this.#release();
  }
}

function dial(to: SocketAddress): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    // Not a signal: that would outlive the dialling and end the connection with it.
    const socket = connect({ ...to, allowHalfOpen: true, noDelay: true, timeout: dialTimeoutMs });
    const failed = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', failed);
    socket.once('timeout', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.off('timeout', failed);
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}
