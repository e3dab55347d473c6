import { encodeAccept, encodeReset, encodeWindow } from './control-frame.ts';
import { Deferred } from './deferred.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import { type ReadableFace, ReceiveHalf } from './receive-half.ts';
import type { ReceiveWindow } from './receive-window.ts';
import type { ResetReason } from './reset-reason.ts';
import { resetReasonFor } from './reset-reason-for.ts';
import { type SendCallback, SendQueue, type SendTurns, type WritableFace } from './send-queue.ts';
import { StreamRefusedError, StreamResetError } from './tunnel-error.ts';

/** What a stream needs of its session. */
export interface StreamHost {
  /** Gives turns to send. */
  readonly turns: SendTurns;
  /** Sends a control frame. */
  control(frame: Buffer): void;
  /** A window for a new stream. */
  receiveWindow(): ReceiveWindow;
  /** The stream was accepted. */
  answered(end: StreamEnd): void;
  /** The stream is over at this end. */
  ended(end: StreamEnd): void;
}

/** The duplex that the consumer holds. */
export interface DuplexFace extends ReadableFace, WritableFace {
  /** How many listen to an event. */
  listenerCount(event: 'error'): number;
  /** Ends it at once, with an error if something went wrong. */
  destroy(error?: Error): unknown;
}

/** Which stream. */
export interface StreamFacts {
  /** Its number in the session. */
  readonly id: number;
  /** What it was opened with. */
  readonly metadata: Buffer;
  /** Whether this end opened it. */
  readonly isOpener: boolean;
}

/** One end of a stream as the session sees it, with or without a duplex that the application holds. */
export class StreamEnd {
  readonly id: number;
  readonly metadata: Buffer;
  readonly isOpener: boolean;
  /** Settled when the opener learns whether the stream is wanted. */
  readonly accepted: Deferred<void> = new Deferred();
  /** Called when the stream ends before a duplex was attached. */
  onGone: ((error: Error) => void) | undefined;
  readonly #host: StreamHost;
  readonly #sending: SendQueue;
  readonly #receiving: ReceiveHalf;
  #face: DuplexFace | undefined;
  #isAnswered = false;
  #isOver = false;
  /** The peer knows that the stream is over, or there is no peer to tell. */
  #isPeerInformed = false;

  constructor({ id, metadata, isOpener }: StreamFacts, host: StreamHost) {
    this.id = id;
    this.metadata = metadata;
    this.isOpener = isOpener;
    this.#host = host;
    this.#sending = new SendQueue(id, host.turns, isOpener ? metadata : undefined);
    this.#receiving = new ReceiveHalf(host.receiveWindow(), (increment) => host.control(encodeWindow(id, increment)));
  }

  /** Whether it was accepted. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Whether the peer knows of it. */
  get isOpened(): boolean {
    return this.#sending.isOpened;
  }

  /** Bytes that wait here for the consumer. */
  get waitingBytes(): number {
    return this.#receiving.waitingBytes;
  }

  /** Present size of the receive window. */
  get windowBytes(): number {
    return this.#receiving.windowBytes;
  }

  /** Gives the stream its duplex. */
  attach(face: DuplexFace): void {
    this.#face = face;
    this.#sending.attach(face);
    this.#receiving.attach(face);
  }

  /** Opener: asks for the turn in which OPEN goes out. */
  open(): void {
    this.#sending.open();
  }

  /** Acceptor: tells the opener that the stream is wanted. */
  accept(): void {
    this.#answer();
    this.#host.control(encodeAccept(this.id));
  }

  /** Peer: bytes. */
  deliver(piece: Buffer): void {
    if (this.#receiving.isEnded) throw new ProtocolViolation(`DATA after FIN on stream ${this.id}`);
    if (this.isOpener) this.#answer();
    this.#receiving.deliver(piece);
  }

  /** Peer: no more bytes. */
  finished(): void {
    if (this.#receiving.isEnded) throw new ProtocolViolation(`second FIN on stream ${this.id}`);
    if (this.isOpener) this.#answer();
    this.#receiving.finish();
  }

  /** Peer: the stream is wanted. */
  acceptedByPeer(): void {
    if (!this.isOpener) throw new ProtocolViolation(`ACCEPT on stream ${this.id} by its opener`);
    this.#answer();
  }

  /** Session or peer: so many bytes more may be sent. */
  addCredit(bytes: number): void {
    this.#sending.addCredit(bytes);
  }

  /** Peer: the stream is over. */
  resetByPeer(reason: ResetReason, message: string): void {
    const isRefusal = this.isOpener && !this.#isAnswered;
    const facts = { reason, message, remote: true };
    this.fail(isRefusal ? new StreamRefusedError(facts) : new StreamResetError(facts));
  }

  /** Ends the stream without telling the peer, which knows or cannot be told. */
  fail(error: Error): void {
    this.#isPeerInformed = true;
    if (this.#face !== undefined) {
      this.#face.destroy(error);
      return;
    }
    this.over(error);
    this.onGone?.(error);
  }

  /** Application: closes the session. What it asked for is no error to those who do not listen for one. */
  close(error: Error): void {
    this.#isPeerInformed = true;
    const face = this.#face;
    this.#end(error, 'gone');
    if (face === undefined) this.onGone?.(error);
    else face.destroy(face.listenerCount('error') > 0 ? error : undefined);
  }

  /** Application: ends the stream with a reason of its own. */
  reset(reason: ResetReason, message?: string): void {
    this.#end(new StreamResetError({ reason, message, remote: false }), reason, message);
  }

  /** Application: has no more use for the stream. */
  cancel(cause: Error): void {
    this.#end(cause, 'cancelled');
    this.#face?.destroy(cause);
  }

  /** Duplex: it holds back what is written from now on, until it is told to pass it on in its turn. */
  gather(): void {
    this.#sending.gather();
  }

  /** Duplex: it will be destroyed over bytes that have not left yet. */
  flush(): void {
    this.#host.turns.flush();
  }

  /** Duplex: write these bytes. */
  write(chunks: readonly Buffer[], callback: SendCallback): void {
    this.#sending.write(chunks, callback);
  }

  /** Duplex: write no more. */
  finish(callback: SendCallback): void {
    this.#sending.finish(callback);
  }

  /** Duplex: bytes are wanted. */
  wanted(): void {
    this.#receiving.wanted();
  }

  /** Duplex: the consumer has read. */
  afterRead(isStarved: boolean): void {
    this.#receiving.afterRead(isStarved);
  }

  /** Duplex: it is destroyed. The peer hears of it unless both directions had ended. */
  over(error: Error | null): void {
    if (this.#isOver) return;
    if (error === null && this.#sending.isFinSent && this.#receiving.isEnded) {
      this.#leave();
      return;
    }
    const reason = resetReasonFor(error);
    this.#end(error ?? new StreamResetError({ reason, remote: false }), reason);
  }

  #end(error: Error, reason: ResetReason, message?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isComplete = this.#sending.isFinSent && this.#receiving.isEnded;
    const isTold = isComplete || this.#isPeerInformed || !this.#sending.isOpened;
    this.accepted.reject(error);
    this.#sending.drop(error);
    this.#leave();
    if (!isTold) this.#host.control(encodeReset(this.id, reason, message));
  }

  #leave(): void {
    this.#isOver = true;
    this.#receiving.drop();
    this.#host.ended(this);
  }

  #answer(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.accepted.resolve();
    this.#host.answered(this);
  }
}
