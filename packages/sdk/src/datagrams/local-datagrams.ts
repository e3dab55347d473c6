import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { FairleadError } from '@fairlead/core';
import { formatTarget, type ParsedTarget } from '../local-target.ts';

/** What becomes of datagrams for a local server. */
export interface LocalDatagramsEvents {
  answered(datagram: Uint8Array): void;
  /** The server does not listen. Told once; nothing is sent any more. */
  failed(error: FairleadError): void;
}

/** Bytes that may wait to be sent; newer datagrams are dropped. */
const queueBytes = 262_144;

/** A socket between one flow and a local server. */
export class LocalDatagrams implements Disposable {
  readonly #socket: Socket;
  readonly #target: ParsedTarget;
  readonly #events: LocalDatagramsEvents;
  /** What came before the socket was connected. */
  #early: Uint8Array[] | undefined = [];
  #earlyBytes = 0;
  #isOver = false;

  /** Opens the socket. */
  constructor(target: ParsedTarget, events: LocalDatagramsEvents) {
    this.#target = target;
    this.#events = events;
    this.#socket = createSocket(isIPv6(target.host) ? 'udp6' : 'udp4');
    this.#socket.on('message', (datagram) => events.answered(datagram));
    this.#socket.on('error', (error) => this.#failed(error));
    // Connected, so that the system tells when nobody listens.
    this.#socket.connect(target.port, target.host, (error?: Error) => {
      if (error) this.#failed(error);
      else this.#connected();
    });
  }

  /** Sends a datagram to the server. */
  send(datagram: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#early) {
      if (this.#earlyBytes + datagram.length > queueBytes) return;
      this.#earlyBytes += datagram.length;
      this.#early.push(datagram);
      return;
    }
    if (this.#socket.getSendQueueSize() + datagram.length > queueBytes) return;
    this.#socket.send(datagram, (error) => {
      if (error && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#failed(error);
    });
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.removeAllListeners();
    this.#socket.on('error', () => {});
    this.#socket.close();
  }

  #connected(): void {
    if (this.#isOver) return;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const datagram of early) this.send(datagram);
  }

  #failed(cause: Error): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    const message = `${formatTarget(this.#target)} takes no datagrams: ${cause.message}`;
    this.#events.failed(new FairleadError('target-unreachable', message, { phase: 'serve', cause }));
  }
}
