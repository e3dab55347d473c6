import { HeldBytes } from './held-bytes.ts';
import type { ReceiveWindow } from './receive-window.ts';

/** The readable side that the consumer holds. */
export interface ReadableFace {
  /** Appends bytes, or the end. */
  push(chunk: Buffer | null): boolean;
  /** Bytes that it has buffered. */
  readonly readableLength: number;
  /** Whether it hands out bytes by itself. */
  readonly readableFlowing: boolean | null;
}

/**
 * The incoming bytes of one stream. Straight through when the consumer is flowing; otherwise held here, and handed
 * over when it asks. Credit goes back for exactly what has left the readable's buffer.
 */
export class ReceiveHalf {
  readonly #window: ReceiveWindow;
  readonly #giveCredit: (increment: number) => void;
  readonly #held: HeldBytes = new HeldBytes();
  #face: ReadableFace | undefined;
  /** The readable asked for bytes and got none since. */
  #isHungry = false;
  /** A `read` came away empty, perhaps since it asked for more than there was. */
  #isStarved = false;
  #isEnded = false;
  #isEndPushed = false;
  #isDropped = false;
  #pushed = 0;
  #consumed = 0;

  constructor(window: ReceiveWindow, giveCredit: (increment: number) => void) {
    this.#window = window;
    this.#giveCredit = giveCredit;
  }

  /** Whether the sender has said that no more will come. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Bytes that wait for the consumer. */
  get waitingBytes(): number {
    return this.#held.bytes + (this.#face?.readableLength ?? 0);
  }

  /** Present size of the window. */
  get windowBytes(): number {
    return this.#window.size;
  }

  /** Gives the bytes a consumer. */
  attach(face: ReadableFace): void {
    this.#face = face;
  }

  /** Bytes came from the peer. Throws when they exceed the credit. */
  deliver(piece: Buffer): void {
    this.#window.take(piece.length);
    const face = this.#face;
    if (face !== undefined && this.#held.bytes === 0 && face.readableFlowing && face.readableLength === 0) {
      this.#push(face, piece);
      this.#settle(face);
      return;
    }
    this.#held.add(piece);
    if (face !== undefined && (this.#isStarved || (this.#isHungry && face.readableLength === 0))) this.#feed(face);
  }

  /** The peer sends no more. */
  finish(): void {
    this.#isEnded = true;
    if (this.#face !== undefined) this.#feed(this.#face);
  }

  /** The readable asks for bytes. */
  wanted(): void {
    this.#isHungry = true;
    if (this.#face !== undefined) this.#feed(this.#face);
  }

  /** The consumer has called `read`, with or without success. */
  afterRead(isStarved: boolean): void {
    const face = this.#face;
    if (face === undefined || this.#isDropped) return;
    this.#isStarved = isStarved;
    if (this.#held.bytes > 0 && (isStarved || (this.#isHungry && face.readableLength === 0))) this.#feed(face);
    this.#settle(face);
  }

  /** The stream is over; whatever waits is given up. */
  drop(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#held.take();
    this.#window.close();
  }

  #feed(face: ReadableFace): void {
    if (this.#held.bytes > 0) for (const piece of this.#held.take()) this.#push(face, piece);
    if (!this.#isEnded || this.#isEndPushed) return;
    this.#isEndPushed = true;
    face.push(null);
  }

  #push(face: ReadableFace, piece: Buffer): void {
    this.#isHungry = false;
    this.#isStarved = false;
    this.#pushed += piece.length;
    face.push(piece);
  }

  #settle(face: ReadableFace): void {
    if (this.#isDropped || this.#isEnded) return;
    const consumed = this.#pushed - face.readableLength;
    if (consumed <= this.#consumed) return;
    const increment = this.#window.consume(consumed - this.#consumed);
    this.#consumed = consumed;
    if (increment > 0) this.#giveCredit(increment);
  }
}
