import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock } from '@fairlead/core';
import type { AppAddress } from '../proxy/app-address.ts';
import { Unanswered } from './unanswered.ts';

/** What {@link AppDatagrams} works with. */
export interface AppDatagramsParts {
  readonly address: AppAddress;
  readonly clock: Clock;
  /** Bytes that may wait to be sent. */
  readonly queueBytes: number;
  readonly answered: (datagram: Buffer) => void;
  /** So many datagrams do not reach the app. */
  readonly dropped: (count: number, reason: string) => void;
}

/** A refusal comes at once: what was sent longer ago arrived. */
const refusalMs = 1_000;

/** The socket between one flow and the app. Opened when it is first needed. */
export class AppDatagrams implements Disposable {
  readonly #parts: AppDatagramsParts;
  #socket: Socket | undefined;
  #isConnected = false;
  /** The hosts to try, in order, and which of them it is. */
  #hosts: readonly string[] = [];
  #attempt = 0;
  /** The app is known to listen there. */
  #hasAnswered = false;
  /** Sent, or to be sent, to a host that may yet refuse. */
  readonly #unanswered: Unanswered;

  constructor(parts: AppDatagramsParts) {
    this.#parts = parts;
    this.#unanswered = new Unanswered(parts.clock, refusalMs, parts.queueBytes);
  }

  /** Sends a datagram to the app. */
  send(datagram: Buffer): void {
    if (!this.#hasAnswered && !this.#unanswered.add(datagram) && !this.#isConnected) {
      this.#parts.dropped(1, 'the app is not reached yet');
      return;
    }
    if (this.#isConnected) this.#transmit(datagram);
    else if (!this.#socket) this.#open(0);
  }

  /** Closes the socket: no answer comes any more. */
  [Symbol.dispose](): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isConnected = false;
    this.#hasAnswered = false;
    this.#unanswered.take();
    if (socket) close(socket);
  }

  #open(attempt: number): void {
    const { address } = this.#parts;
    if (attempt === 0) this.#hosts = address.hosts;
    const host = this.#hosts[attempt] as string;
    this.#attempt = attempt;
    this.#isConnected = false;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('message', (datagram) => this.#receive(socket, datagram));
    socket.on('error', (error) => this.#failed(socket, error));
    // Connected, so that the system tells of refusals and lets nobody else answer.
    socket.connect(address.port, host, (error?: Error) => {
      if (error || socket !== this.#socket) return;
      this.#isConnected = true;
      for (const datagram of this.#unanswered.list()) this.#transmit(datagram);
    });
  }

  #transmit(datagram: Buffer): void {
    const socket = this.#socket;
    if (!socket) return;
    if (socket.getSendQueueSize() + datagram.length > this.#parts.queueBytes) {
      this.#parts.dropped(1, 'the app is too slow');
      return;
    }
    socket.send(datagram, (error) => {
      if (!error || socket !== this.#socket) return;
      if (isRefusal(error)) this.#failed(socket, error);
      else this.#parts.dropped(1, error.message);
    });
  }

  #receive(socket: Socket, datagram: Buffer): void {
    if (socket !== this.#socket) return;
    if (!this.#hasAnswered && this.#attempt > 0) this.#parts.address.prefer(this.#hosts[this.#attempt] as string);
    this.#hasAnswered = true;
    this.#unanswered.take();
    this.#parts.answered(datagram);
  }

  /** Nobody listens there, or there is no socket to be had. The next datagram finds a new socket in any case. */
  #failed(socket: Socket, error: Error): void {
    if (socket !== this.#socket) return;
    close(socket);
    this.#socket = undefined;
    this.#isConnected = false;
    const next = this.#attempt + 1;
    if (!this.#hasAnswered && next < this.#hosts.length) {
      this.#open(next);
      return;
    }
    this.#hasAnswered = false;
    this.#parts.dropped(Math.max(1, this.#unanswered.take().length), error.message);
  }
}

function isRefusal(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}

function close(socket: Socket): void {
  socket.removeAllListeners();
  // What was under way when it was closed is told here.
  socket.on('error', () => {});
  socket.close();
}
