/** Something with a number that no other has: 1 to 2^32 - 1. */
export interface Numbered {
  readonly id: number;
}

const leastSlots = 64;

/**
 * Things by their number, for many that come and go. Not a `Map`, for the reason that {@link TurnQueue} has: under one, a
 * stream that lives for a millisecond is moved to the old heap with everything it holds.
 */
export class NumberTable<T extends Numbered> {
  /** Each in the first free slot from the one that its number points to. Never more than half full. */
  #slots: (T | undefined)[] = emptySlots(leastSlots);
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The one with this number. */
  get(id: number): T | undefined {
    return this.#slots[this.#find(id)];
  }

  /** Enters one whose number is not taken. */
  add(entry: T): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    this.#slots[this.#find(entry.id)] = entry;
    this.#size += 1;
  }

  /** Strikes out the one with this number. False: there is none. */
  delete(id: number): boolean {
    const slots = this.#slots;
    const last = slots.length - 1;
    let hole = this.#find(id);
    if (slots[hole] === undefined) return false;
    // Those behind it that stand there only since it was in the way move up, or they would not be found any more.
    for (let at = (hole + 1) & last; ; at = (at + 1) & last) {
      const entry = slots[at];
      if (entry === undefined) break;
      if (((at - this.#home(entry.id)) & last) < ((at - hole) & last)) continue;
      slots[hole] = entry;
      hole = at;
    }
    slots[hole] = undefined;
    this.#size -= 1;
    return true;
  }

  /** All of them, in ascending order. */
  all(): T[] {
    return this.#slots.filter((entry) => entry !== undefined).sort((a, b) => a.id - b.id);
  }

  #home(id: number): number {
    return (Math.imul(id, 0x9e3779b1) >>> 8) & (this.#slots.length - 1);
  }

  #find(id: number): number {
    const slots = this.#slots;
    let at = this.#home(id);
    for (;;) {
      const entry = slots[at];
      if (entry === undefined || entry.id === id) return at;
      at = (at + 1) & (slots.length - 1);
    }
  }

  #grow(): void {
    const entries = this.#slots;
    this.#slots = emptySlots(entries.length * 2);
    for (const entry of entries) if (entry !== undefined) this.#slots[this.#find(entry.id)] = entry;
  }
}

function emptySlots<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count });
}
