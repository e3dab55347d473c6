/** Somebody who waits for turns. */
export interface TurnTaker {
  /** Belongs to the queue: whether a turn is due. */
  isQueued: boolean;
}

/** How many turns may be over at the front before the rest moves up. */
const mostSpent = 256;

/**
 * Those who wait for a turn, in order, each once.
 *
 * Not a `Set`: the engine replaces the table of one that changes all the time, and a discarded table that has come to old
 * age keeps its successor, and all who stand in that, from being collected as garbage while young.
 */
export class TurnQueue<T extends TurnTaker> {
  readonly #takers: (T | undefined)[] = [];
  #first = 0;

  /** Puts one at the end, unless it waits already. */
  add(taker: T): void {
    if (taker.isQueued) return;
    taker.isQueued = true;
    this.#takers.push(taker);
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#first >= this.#takers.length;
  }

  /** Takes one out, wherever it stands. */
  remove(taker: T): void {
    if (!taker.isQueued) return;
    taker.isQueued = false;
    this.#takers.splice(this.#takers.indexOf(taker, this.#first), 1);
  }

  /** Takes out the one whose turn it is; undefined when nobody waits. */
  next(): T | undefined {
    const takers = this.#takers;
    const taker = takers[this.#first];
    if (taker === undefined) return undefined;
    taker.isQueued = false;
    takers[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === takers.length) takers.length = 0;
    else if (this.#first >= mostSpent) takers.splice(0, this.#first);
    else return taker;
    this.#first = 0;
    return taker;
  }
}
