import { headerBytes, maxPayloadBytes } from './frame.ts';
import { type BatchParty, FrameBatch } from './frame-batch.ts';
import type { RetransmitLog } from './retransmit-log.ts';
import { TurnQueue, type TurnTaker } from './turn-queue.ts';

/** As much as a session hands to its transport at once, in bytes. What passes a tunnel's bytes on does well to take as much. */
export const batchBytes: number = 256 * 1024;
/**
 * A turn among others. With its header it is as much as the other end reads at once, so that frames and reads begin together
 * and nothing is taken apart.
 */
const turnBytes = 64 * 1024 - headerBytes;
/** Less than this is neither begun at the end of a batch nor left over by a frame: it would be a batch of its own. */
const leastBytes = 4 * 1024;

/** A stream with something to send. */
export interface FrameSource extends TurnTaker {
  /**
   * Puts at most one frame into the batch, and says whether it could go on. Its payload is at most `wantedBytes`, or
   * `mostBytes` where that is all there is.
   */
  produce(batch: FrameBatch, wantedBytes: number, mostBytes: number): boolean;
}

/** Where batches go. */
export interface BatchOutlet {
  /** Writes buffers in one go, and tells when they were taken. */
  write(parts: readonly Buffer[], taken: () => void): void;
}

/**
 * Shares one transport among streams. Once per turn of the loop it makes a batch, when all sockets that had something have
 * been read: control frames first, then one frame of each ready stream in turn, up to 256 KiB; the next batch waits until
 * the transport has taken this one. A stream that is alone fills its batch with one frame.
 */
export class FrameWriter {
  readonly #batch: FrameBatch = new FrameBatch();
  /** A stream that had its turn goes to the end. */
  readonly #ready: TurnQueue<FrameSource> = new TurnQueue();
  #control: Buffer[] = [];
  #controlBytes = 0;
  #urgent: Buffer[] = [];
  #log: RetransmitLog | undefined;
  #outlet: BatchOutlet | undefined;
  #inFlight: readonly BatchParty[] = [];
  #isWriting = false;
  #isScheduled = false;

  /** Bytes of control frames that wait for the transport. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  /** Frames outside the sequence that wait for the transport. */
  get urgentFrames(): number {
    return this.#urgent.length;
  }

  /** From now on keeps what it sends in this log, and sends nothing while the log is full. */
  keepIn(log: RetransmitLog): void {
    this.#log = log;
    this.#batch.keepsCopies = true;
  }

  /** Gives a stream its turns until it has nothing more to send. */
  ready(source: FrameSource): void {
    this.#ready.add(source);
    this.#schedule();
  }

  /** Takes a stream's turn away. */
  remove(source: FrameSource): void {
    this.#ready.remove(source);
  }

  /** Sends a sequenced control frame before any stream's bytes. */
  control(frame: Buffer): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
    this.#schedule();
  }

  /** Sends a frame outside the sequence before all others; it is lost with the transport. */
  urgent(frame: Buffer): void {
    if (this.#outlet === undefined) return;
    this.#urgent.push(frame);
    this.#schedule();
  }

  /** Sends at once what would leave at the end of this turn of the loop, if the transport takes it. */
  flush(): void {
    if (this.#isScheduled) this.#flush();
  }

  /** The peer has everything before the offset. */
  acknowledged(offset: number): void {
    this.#log?.release(offset);
    this.#schedule();
  }

  /** Starts to write to a transport; first the bytes that must be sent again. */
  attach(outlet: BatchOutlet, again: readonly Buffer[] = []): void {
    this.#outlet = outlet;
    if (again.length > 0) this.#write(outlet, again);
    else this.#schedule();
  }

  /**
   * Stops writing. What was handed over belongs to its owners again when nobody reads it any more: at once where the transport
   * was destroyed, else when it is `released`.
   */
  detach(released?: Promise<unknown>): void {
    this.#outlet = undefined;
    this.#urgent = [];
    this.#isWriting = false;
    const parties = this.#inFlight;
    this.#inFlight = [];
    const settle = (): void => {
      for (const party of parties) party.settle();
    };
    if (released) void released.then(settle);
    else settle();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting || this.#outlet === undefined) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    const outlet = this.#outlet;
    if (outlet === undefined || this.#isWriting) return;
    const parts = this.#takeUrgent();
    if (!this.#log?.isFull) {
      const sequenced = this.#takeSequenced();
      this.#log?.append(sequenced);
      for (const part of sequenced) parts.push(part);
    }
    this.#inFlight = this.#batch.takeParties();
    if (parts.length > 0) this.#write(outlet, parts);
  };

  #takeUrgent(): Buffer[] {
    for (const frame of this.#urgent) this.#batch.add(frame);
    this.#urgent = [];
    return this.#batch.takeParts();
  }

  #takeSequenced(): Buffer[] {
    const batch = this.#batch;
    if (this.#control.length > 0) {
      for (const frame of this.#control) batch.add(frame);
      this.#control = [];
      this.#controlBytes = 0;
    }
    const limit = Math.min(batchBytes, this.#log?.roomBytes ?? batchBytes);
    for (;;) {
      const room = limit - batch.bytes - headerBytes;
      if (room < (batch.bytes === 0 ? 1 : leastBytes)) break;
      const source = this.#ready.next();
      if (source === undefined) break;
      const wanted = this.#ready.isEmpty ? room : Math.min(room, turnBytes);
      const most = this.#log ? wanted : Math.min(wanted + leastBytes, maxPayloadBytes);
      if (source.produce(batch, wanted, most)) this.#ready.add(source);
    }
    return batch.takeParts();
  }

  #write(outlet: BatchOutlet, parts: readonly Buffer[]): void {
    this.#isWriting = true;
    outlet.write(parts, () => {
      if (this.#outlet !== outlet) return;
      this.#isWriting = false;
      const parties = this.#inFlight;
      this.#inFlight = [];
      for (const party of parties) party.settle();
      this.#flush();
    });
  }
}
