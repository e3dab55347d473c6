import { createSocket, type Socket } from 'node:dgram';
import type { Balancer, Endpoint } from './balancer.ts';
import type { Carried } from './pod-network.ts';

/** Bytes that may wait for an endpoint, or for the system. Newer datagrams are dropped. */
const queueBytes = 262_144;

/** The datagrams of one caller of a Service. They stay with one pod until it retires or nobody listens there. */
export class CarriedDatagrams implements Disposable {
  readonly #balancer: Balancer;
  readonly #answer: (datagram: Buffer) => void;
  readonly #gone = new AbortController();
  /** Pods that answer yet, the one that is asked included. */
  readonly #open = new Set<Attachment>();
  #current: Attachment | undefined;
  /** What came while an endpoint was looked for; undefined when none is. */
  #waiting: Buffer[] | undefined;

  constructor(balancer: Balancer, answer: (datagram: Buffer) => void) {
    this.#balancer = balancer;
    this.#answer = answer;
  }

  /** Takes a datagram of the caller. */
  take(datagram: Buffer): void {
    if (this.#current?.isLeaving) this.#current = undefined;
    if (this.#current) {
      this.#current.send(datagram);
      return;
    }
    const bytes = (this.#waiting ?? []).reduce((sum, { length }) => sum + length, datagram.length);
    if (bytes > queueBytes) return;
    if (this.#waiting) {
      this.#waiting.push(datagram);
      return;
    }
    this.#waiting = [datagram];
    void this.#attach();
  }

  [Symbol.dispose](): void {
    this.#gone.abort();
    for (const attachment of this.#open) attachment.cut();
  }

  async #attach(): Promise<void> {
    const endpoint = await this.#balancer.next(this.#gone.signal);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    // Nobody there: lost, as datagrams are.
    if (!endpoint || this.#gone.signal.aborted) return;
    const attachment = new Attachment(endpoint, this.#answer, () => {
      this.#open.delete(attachment);
      if (this.#current === attachment) this.#current = undefined;
    });
    this.#open.add(attachment);
    this.#current = attachment;
    for (const datagram of waiting) attachment.send(datagram);
  }
}

/** One caller's socket to one pod. */
class Attachment implements Carried {
  /** Datagrams tell nobody what belongs together: a pod that is to end waits a moment for its answers, not longer. */
  readonly exchanging = false;
  /** Nothing more may be sent. */
  isLeaving = false;
  readonly #socket: Socket = createSocket('udp4');
  readonly #over: () => void;
  readonly #release: () => void;
  readonly #stays: boolean;
  #early: Buffer[] | undefined = [];
  #unanswered = 0;
  #isOver = false;

  constructor({ network, port, stays = false }: Endpoint, answer: (datagram: Buffer) => void, over: () => void) {
    this.#over = over;
    this.#stays = stays;
    this.#release = network.carry(this);
    const to = network.outside(port, 'UDP');
    this.#socket.on('message', (datagram) => {
      this.#unanswered -= 1;
      answer(datagram);
      if (this.isLeaving && this.#unanswered <= 0) this.cut();
    });
    this.#socket.on('error', () => this.cut());
    // Connected, so that the system tells when nobody listens.
    this.#socket.connect(to.port, to.host, (error?: Error) => {
      if (error) this.cut();
      if (this.#isOver) return;
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const datagram of early) this.#transmit(datagram);
    });
  }

  send(datagram: Buffer): void {
    this.#unanswered += 1;
    if (this.#early) this.#early.push(datagram);
    else this.#transmit(datagram);
  }

  leave(): void {
    if (this.#stays) return;
    this.isLeaving = true;
    if (this.#unanswered <= 0) this.cut();
  }

  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.removeAllListeners();
    this.#socket.on('error', () => {});
    this.#socket.close();
    this.#release();
    this.#over();
  }

  #transmit(datagram: Buffer): void {
    if (this.#socket.getSendQueueSize() + datagram.length > queueBytes) return;
    this.#socket.send(datagram, (error) => {
      if (error && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.cut();
    });
  }
}
