import type { Clock } from './ports/clock.ts';

/** How long flows last, and how many there may be. */
export interface FlowTableOptions {
  readonly clock: Clock;
  /** A flow that was not used for so long ends, in milliseconds. */
  readonly idleMs: number;
  /** Flows at once; one more ends the one that was idle longest. */
  readonly most: number;
  /** Told when a flow had to make room. */
  readonly onEvicted?: () => void;
}

interface Entry<Flow> {
  readonly flow: Flow;
  usedAt: number;
}

/**
 * What belongs together on a transport without connections, by a key such as the sender's address. A flow ends, and is
 * disposed of, when it was idle for too long, or longest when there are too many.
 */
export class FlowTable<Flow extends Disposable> implements Disposable {
  readonly #options: FlowTableOptions;
  /** In the order of the last use. */
  readonly #entries = new Map<string, Entry<Flow>>();
  #timer: Disposable | undefined;

  constructor(options: FlowTableOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The flows, the one that was idle longest first. */
  flows(): readonly Flow[] {
    return [...this.#entries.values()].map(({ flow }) => flow);
  }

  /** The flow of a key, which is used hereby. */
  use(key: string): Flow | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    entry.usedAt = this.#options.clock.now();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.flow;
  }

  /** Enters a flow under a key that has none. */
  add(key: string, flow: Flow): void {
    const { clock, most, onEvicted, idleMs } = this.#options;
    if (this.#entries.size >= most) {
      this.#endFirst();
      onEvicted?.();
    }
    this.#entries.set(key, { flow, usedAt: clock.now() });
    this.#timer ??= clock.after(idleMs, () => this.#endIdle());
  }

  /** Takes a flow out that has ended by itself. */
  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Ends every flow. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    while (this.#entries.size > 0) this.#endFirst();
  }

  #endIdle(): void {
    const { clock, idleMs } = this.#options;
    this.#timer = undefined;
    for (const [, { usedAt }] of this.#entries) {
      const restMs = usedAt + idleMs - clock.now();
      if (restMs > 0) {
        this.#timer = clock.after(restMs, () => this.#endIdle());
        return;
      }
      this.#endFirst();
    }
  }

  #endFirst(): void {
    for (const [key, { flow }] of this.#entries) {
      this.#entries.delete(key);
      flow[Symbol.dispose]();
      return;
    }
  }
}
