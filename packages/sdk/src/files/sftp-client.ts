import {
  type Clock,
  decodeSftpReply,
  encodeSftpRequest,
  FairleadError,
  type SftpReply,
  type SftpRequest,
} from '@fairlead/core';
import type { PacketLink } from './packet-link.ts';

/** A request before it has a number. */
export type NewSftpRequest = SftpRequest extends infer Each
  ? Each extends { readonly id: number }
    ? Omit<Each, 'id'>
    : never
  : never;

interface Waiting {
  resolve(reply: SftpReply): void;
  reject(error: FairleadError): void;
}

/** How long an agent may be silent while something is asked of it, in milliseconds. */
const silenceMs = 30_000;
/** Requests that may wait for their answers. Further ones wait for their turn. */
const maxWaiting = 64;

/** Asks a server many things at once. */
export class SftpClient {
  readonly link: PacketLink;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  readonly #turns: (() => void)[] = [];
  #ids = 0;
  #isListened = true;
  #heard: number;
  #error: FairleadError | undefined;

  constructor(link: PacketLink, clock: Clock, onClose: () => void = () => {}) {
    this.link = link;
    this.#clock = clock;
    this.#heard = clock.now();
    link.listen({
      packet: (packet) => this.#take(packet),
      closed: (error) => {
        this.#fail(error);
        onClose();
      },
    });
  }

  /** Whether it can be asked. */
  get isOpen(): boolean {
    return this.#error === undefined;
  }

  /** The answer to a request. Fails with `connection-lost` or, when nothing is heard for long, `timeout`. */
  async ask(request: NewSftpRequest): Promise<SftpReply> {
    while (this.#waiting.size >= maxWaiting && !this.#error) {
      await new Promise<void>((resolve) => this.#turns.push(resolve));
    }
    if (this.#error) throw this.#error;
    const id = this.#nextId();
    if (this.#waiting.size === 0) this.#heard = this.#clock.now();
    const answered = new Promise<SftpReply>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.link.send(encodeSftpRequest({ ...request, id } as SftpRequest));
    if (this.#isListened) this.#watch();
    return await answered;
  }

  /** Ends it; what waits fails. */
  close(): void {
    this.link.close();
  }

  #take(packet: Uint8Array): void {
    const reply = decodeSftpReply(packet);
    if (reply.type === 'version') throw new RangeError('SFTP began twice');
    this.#heard = this.#clock.now();
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    this.#turns.shift()?.();
    waiting?.resolve(reply);
  }

  /** One timer however much is asked: it looks whether anything was heard since it was set. */
  #watch(): void {
    this.#isListened = false;
    const left = this.#heard + silenceMs - this.#clock.now();
    this.#clock.after(Math.max(left, 1), () => {
      this.#isListened = true;
      if (this.#waiting.size === 0 || this.#error) return;
      if (this.#clock.now() - this.#heard < silenceMs) this.#watch();
      else {
        const { pod } = this.link.chosen;
        const message = `the agent of pod ${pod} said nothing about a file for ${silenceMs} ms`;
        this.#fail(new FairleadError('timeout', message, { phase: 'serve' }));
        this.close();
      }
    });
  }

  #fail(error: FairleadError): void {
    this.#error ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#error);
    this.#waiting.clear();
    for (const proceed of this.#turns.splice(0)) proceed();
  }

  #nextId(): number {
    do this.#ids = (this.#ids + 1) % 2 ** 32;
    while (this.#waiting.has(this.#ids));
    return this.#ids;
  }
}
