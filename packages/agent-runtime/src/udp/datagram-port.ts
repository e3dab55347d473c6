import type { RemoteInfo, Socket } from 'node:dgram';
import { FlowTable, maxDatagramBytes, type PortProxy, type PortRoutes, type ProxyStats } from '@fairlead/core';
import { type PortCounters, zeroCounters } from '../proxy/port-context.ts';
import { noRoutes, type RouteTable } from '../proxy/routes.ts';
import { bindSocket } from './bind-socket.ts';
import { DatagramFlow } from './datagram-flow.ts';
import type { DatagramPortContext, DatagramSource } from './datagram-port-context.ts';
import { compileDatagramRoutes } from './datagram-routes.ts';

/** What a UDP port works with, but for what the port itself keeps. */
export type DatagramSurroundings = Pick<
  DatagramPortContext,
  'containerPort' | 'app' | 'diverter' | 'clock' | 'logger' | 'limits'
>;

/** Losses are told once in a while, not one by one. */
const tellEveryMs = 60_000;

/** One UDP port: a flow for every caller, and one socket that all of them talk to. */
export class DatagramPort implements PortProxy, DatagramPortContext {
  readonly containerPort: DatagramPortContext['containerPort'];
  readonly app: DatagramPortContext['app'];
  readonly diverter: DatagramPortContext['diverter'];
  readonly clock: DatagramPortContext['clock'];
  readonly logger: DatagramPortContext['logger'];
  readonly limits: DatagramPortContext['limits'];
  readonly counters: PortCounters = zeroCounters();
  readonly port: number;
  readonly #socket: Socket;
  readonly #flows: FlowTable<DatagramFlow>;
  #routes: RouteTable = noRoutes;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isOver = false;
  #whenAnswered: (() => void) | undefined;

  private constructor(surroundings: DatagramSurroundings, socket: Socket) {
    this.containerPort = surroundings.containerPort;
    this.app = surroundings.app;
    this.diverter = surroundings.diverter;
    this.clock = surroundings.clock;
    this.logger = surroundings.logger;
    this.limits = surroundings.limits;
    this.#socket = socket;
    this.port = socket.address().port;
    this.#flows = new FlowTable({
      clock: this.clock,
      idleMs: this.limits.flowIdleMs,
      most: this.limits.flows,
      onEvicted: () => this.#tell('there are too many callers; the one that was silent longest is forgotten'),
    });
    socket.on('message', (datagram, from) => this.#take(datagram, from));
    socket.on('error', (error) => this.drop(1, error.message));
  }

  /** Starts to listen. Fails with `port-taken`, or with `internal` and the cause. */
  static async open(surroundings: DatagramSurroundings, port: number, host?: string): Promise<DatagramPort> {
    return new DatagramPort(surroundings, await bindSocket(port, host));
  }

  /** The routes in force. */
  get routes(): RouteTable {
    return this.#routes;
  }

  /** There are no connections to wait for or to cut: the next datagram of every flow goes where the routes say. */
  async apply(routes: PortRoutes): Promise<void> {
    this.#routes = compileDatagramRoutes(routes);
    for (const flow of this.#flows.flows()) flow.routesChanged(this.#routes);
  }

  stats(): ProxyStats {
    return { ...this.counters, open: this.#flows.size };
  }

  /** Serves on until what was asked is answered, as nobody can be told that the port is about to close. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#awaitsAnswer) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(Math.min(timeoutMs, this.limits.lingerMs), resolve);
        this.#whenAnswered = () => {
          timer[Symbol.dispose]();
          resolve();
        };
      });
    }
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#flows[Symbol.dispose]();
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  /** Sends an answer to a caller, from the port that it called. */
  readonly answer = (to: DatagramSource, datagram: Uint8Array): void => {
    if (this.#isOver) return;
    this.#flows.use(keyOf(to));
    if (this.#socket.getSendQueueSize() + datagram.length > this.limits.flowQueueBytes) {
      this.drop(1, 'answers cannot be sent as fast as they come');
      return;
    }
    this.counters.bytesOut += datagram.length;
    this.#socket.send(datagram, to.port, to.address, (error) => {
      if (error) this.drop(1, error.message);
    });
    if (this.#whenAnswered && !this.#awaitsAnswer) this.#whenAnswered();
  };

  /** Counts datagrams that are lost. */
  readonly drop = (count: number, reason: string): void => {
    this.counters.dropped += count;
    this.#tell(reason);
  };

  get #awaitsAnswer(): boolean {
    return this.#flows.flows().some((flow) => flow.awaitsAnswer);
  }

  #take(datagram: Buffer, from: RemoteInfo): void {
    if (this.#isOver) return;
    if (datagram.length > maxDatagramBytes) {
      this.drop(1, `a datagram is longer than ${maxDatagramBytes} bytes`);
      return;
    }
    const key = keyOf(from);
    let flow = this.#flows.use(key);
    if (!flow) {
      flow = new DatagramFlow({ address: from.address, port: from.port }, this);
      this.#flows.add(key, flow);
      this.counters.connections += 1;
    }
    flow.take(datagram);
  }

  #tell(reason: string): void {
    const now = this.clock.now();
    if (now - this.#toldAt < tellEveryMs) return;
    this.#toldAt = now;
    const { dropped } = this.counters;
    this.logger.warn({ port: this.containerPort, protocol: 'UDP', reason, dropped }, 'datagrams are lost');
  }
}

function keyOf({ address, port }: DatagramSource): string {
  return `${address} ${port}`;
}
