import { BadFrame } from './frame-reader.ts';

/** How much the other end of a connection may send: what was taken is given back in large pieces. */
export class InboundWindow {
  readonly #size: number;
  /** How much it may still send, and how much of what it sent was taken and not given back. */
  #room: number;
  #owed = 0;

  constructor(size: number) {
    this.#size = size;
    this.#room = size;
  }

  /** A data frame came, padding included. Throws {@link BadFrame} when it is more than was allowed. */
  arrived(bytes: number): void {
    this.#room -= bytes;
    if (this.#room < 0) throw new BadFrame('it sends more than it may');
  }

  /** So many bytes are out of the way. Returns how many are to be given back now; mostly none. */
  taken(bytes: number): number {
    this.#owed += bytes;
    if (this.#owed < this.#size / 4) return 0;
    const back = this.#owed;
    this.#room += back;
    this.#owed = 0;
    return back;
  }
}
