import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createSystemClock, FairleadError, FlowTable } from '@fairlead/core';
import type { Balancer } from './balancer.ts';
import { CarriedDatagrams } from './carried-datagrams.ts';
import type { SocketAddress } from './pod-network.ts';

/** As long as the kernel remembers who talks to whom, whatever the cluster's clock says. */
const flowLimits = { idleMs: 60_000, most: 4096 };

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** Takes datagrams at an address of a Service. Those of one caller go to one endpoint, and its answers back. */
export class DatagramListener implements AsyncDisposable {
  readonly address: SocketAddress;
  readonly #socket: Socket;
  #isOver = false;
  readonly #flows = new FlowTable<CarriedDatagrams>({ clock, ...flowLimits });

  private constructor(address: SocketAddress, socket: Socket, balancer: Balancer) {
    this.address = address;
    this.#socket = socket;
    socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
      const key = `${from.address} ${from.port}`;
      let flow = this.#flows.use(key);
      if (!flow) {
        const answer = (said: Buffer): void => {
          this.#flows.use(key);
          // Whom it cannot reach is told by nobody: that is UDP.
          socket.send(said, from.port, from.address, () => {});
        };
        flow = new CarriedDatagrams(balancer, answer);
        this.#flows.add(key, flow);
      }
      flow.take(datagram);
    });
    socket.on('error', () => {});
  }

  /** Starts to listen. `subject` names the Service port in the `port-taken` error. */
  static async open(address: SocketAddress, balancer: Balancer, subject: string): Promise<DatagramListener> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (cause) => {
        socket.close();
        const place = `${address.host}:${address.port}`;
        const message = `${subject} cannot listen on ${place} for UDP: ${cause.message}`;
        reject(new FairleadError('port-taken', message, { cause }));
      });
      socket.bind({ address: address.host, port: address.port, exclusive: true }, resolve);
    });
    socket.removeAllListeners('error');
    return new DatagramListener(address, socket, balancer);
  }

  /** Stops listening and forgets every caller. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#flows[Symbol.dispose]();
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}
