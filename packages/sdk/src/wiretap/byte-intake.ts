import type { TapDirection, TapFrame } from '@fairlead/core';
import type { TapConnection, TapEvent } from './tap-event.ts';
import type { ConnectionIntake, TapIntake, TapStats } from './tap-intake.ts';
import { TapQueue } from './tap-queue.ts';

/** Copied bytes as they come, on their way to one reader. */
export class ByteIntake implements TapIntake<TapEvent> {
  readonly #queue: TapQueue<TapEvent>;
  #truncated = 0;

  /** At most so many bytes wait to be read. */
  constructor(bufferBytes: number) {
    this.#queue = new TapQueue<TapEvent>(bufferBytes);
  }

  get stats(): TapStats {
    return { ...this.#queue.stats, truncated: this.#truncated };
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  missedConnection(): void {
    this.#truncated += 1;
  }

  connected(connection: TapConnection): ConnectionIntake {
    const onTruncated = (): void => {
      this.#truncated += 1;
    };
    return new ByteCopy(connection, this.#queue, onTruncated);
  }

  read(): AsyncGenerator<TapEvent, void, undefined> {
    return this.#queue.read();
  }

  end(error?: Error): void {
    this.#queue.end(error);
  }
}

/** Brings the bytes of one copied connection into the queue, and says where some are missing. */
class ByteCopy implements ConnectionIntake {
  readonly #connection: TapConnection;
  readonly #queue: TapQueue<TapEvent>;
  readonly #onTruncated: () => void;
  readonly #missing: Record<TapDirection, number> = { request: 0, response: 0 };
  #isTruncated = false;

  constructor(connection: TapConnection, queue: TapQueue<TapEvent>, onTruncated: () => void) {
    this.#connection = connection;
    this.#queue = queue;
    this.#onTruncated = onTruncated;
  }

  take(frame: TapFrame): void {
    if ('servedBy' in frame) return;
    const { direction } = frame;
    if ('dropped' in frame) {
      this.#queue.missed(frame.dropped);
      this.#miss(direction, frame.dropped);
      return;
    }
    const { bytes } = frame;
    this.#tellMissing(direction);
    const isTaken = this.#queue.offer({ type: 'bytes', connection: this.#connection, direction, bytes }, bytes.length);
    if (!isTaken) this.#miss(direction, bytes.length);
  }

  async end(): Promise<void> {
    const connection = this.#connection;
    for (const direction of ['request', 'response'] as const) {
      const count = this.#missing[direction];
      if (count > 0) await this.#queue.put({ type: 'dropped', connection, direction, count });
    }
    await this.#queue.put({ type: 'end', connection });
  }

  #miss(direction: TapDirection, count: number): void {
    this.#missing[direction] += count;
    if (!this.#isTruncated) this.#onTruncated();
    this.#isTruncated = true;
  }

  /** Says what is missing before what follows. Where there is no room for that, there is none for what follows. */
  #tellMissing(direction: TapDirection): void {
    const count = this.#missing[direction];
    if (count === 0) return;
    const isTold = this.#queue.offer({ type: 'dropped', connection: this.#connection, direction, count }, 0);
    if (isTold) this.#missing[direction] = 0;
  }
}
