import { createServer, type Server, type Socket } from 'node:net';
import { FairleadError } from '@fairlead/core';
import type { Balancer } from './balancer.ts';
import { CarriedConnection } from './carried-connection.ts';
import type { SocketAddress } from './pod-network.ts';

/** Listens on an address of a Service and carries every connection to an endpoint. */
export class ServiceListener implements AsyncDisposable {
  readonly address: SocketAddress;
  readonly #server: Server;
  readonly #clients: Set<Socket>;

  private constructor(address: SocketAddress, server: Server, clients: Set<Socket>) {
    this.address = address;
    this.#server = server;
    this.#clients = clients;
  }

  /** Starts to listen. `subject` names the Service port in the `port-taken` error. */
  static async open(address: SocketAddress, balancer: Balancer, subject: string): Promise<ServiceListener> {
    const clients = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      clients.add(client);
      client.once('close', () => clients.delete(client));
      new CarriedConnection(client, balancer);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const place = `${address.host}:${address.port}`;
        reject(
          new FairleadError('port-taken', `${subject} cannot listen on ${place}: ${cause.message}`, {
            cause,
            hint: 'Another process listens on all addresses at this port; end it, or make it listen on one address.',
          }),
        );
      });
      server.listen({ ...address, backlog: 4096 }, resolve);
    });
    return new ServiceListener(address, server, clients);
  }

  /** Stops listening and ends what is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of this.#clients) client.destroy();
    await closed;
  }
}
