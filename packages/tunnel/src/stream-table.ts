import { NumberTable } from './number-table.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import type { StreamEnd } from './stream-end.ts';

/** Which side of the session this is: streams of the dialer have odd numbers, those of the acceptor even ones. */
export type TunnelRole = 'dialer' | 'acceptor';

const largestId = 0xffffffff;

/** The streams of a session by number, those of this end and those of the peer. */
export class StreamTable {
  readonly #ends: NumberTable<StreamEnd> = new NumberTable();
  readonly #ownParity: number;
  #nextOwn: number;
  #lastPeer = 0;
  #own = 0;
  #ownPending = 0;
  #peerPending = 0;
  #onEmpty: (() => void)[] = [];

  constructor(role: TunnelRole) {
    this.#ownParity = role === 'dialer' ? 1 : 0;
    this.#nextOwn = role === 'dialer' ? 1 : 2;
  }

  /** Streams that are not over. */
  get size(): number {
    return this.#ends.size;
  }

  /** Those of this end. */
  get own(): number {
    return this.#own;
  }

  /** Those of this end that were not accepted yet. */
  get ownPending(): number {
    return this.#ownPending;
  }

  /** Those of the peer. */
  get peers(): number {
    return this.#ends.size - this.#own;
  }

  /** Those of the peer that were not answered yet. */
  get peersPending(): number {
    return this.#peerPending;
  }

  /** All of them in the order of their numbers, so that those of one end come oldest first. */
  all(): StreamEnd[] {
    return this.#ends.all();
  }

  /** The next number for a stream of this end; undefined when all are used up. */
  nextId(): number | undefined {
    if (this.#nextOwn > largestId) return undefined;
    const id = this.#nextOwn;
    this.#nextOwn += 2;
    return id;
  }

  /** Checks the number of a stream that the peer opens. */
  claim(id: number): void {
    if (id % 2 === this.#ownParity) throw new ProtocolViolation(`peer opened stream ${id}, which is not its to number`);
    if (id <= this.#lastPeer) throw new ProtocolViolation(`peer opened stream ${id} again`);
    this.#lastPeer = id;
  }

  /** Enters a stream. */
  add(end: StreamEnd): void {
    this.#ends.add(end);
    if (end.isOpener) {
      this.#own += 1;
      this.#ownPending += 1;
    } else {
      this.#peerPending += 1;
    }
  }

  /** The stream was accepted. */
  answered(end: StreamEnd): void {
    if (end.isOpener) this.#ownPending -= 1;
    else this.#peerPending -= 1;
  }

  /** Strikes out a stream that is over. */
  remove(end: StreamEnd): void {
    if (!this.#ends.delete(end.id)) return;
    if (end.isOpener) this.#own -= 1;
    if (!end.isAnswered) this.answered(end);
    if (this.#ends.size === 0) for (const tell of this.#onEmpty.splice(0)) tell();
  }

  /** The stream, or undefined when it is over. Throws for a number that was never used. */
  find(id: number): StreamEnd | undefined {
    const end = this.#ends.get(id);
    if (end !== undefined) return end;
    const isPast = id % 2 === this.#ownParity ? id < this.#nextOwn : id <= this.#lastPeer;
    if (!isPast) throw new ProtocolViolation(`frame for stream ${id}, which was never opened`);
    return undefined;
  }

  /** Calls once, as soon as no stream is left. */
  whenEmpty(tell: () => void): void {
    if (this.#ends.size === 0) tell();
    else this.#onEmpty.push(tell);
  }
}
