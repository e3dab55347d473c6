import { decodeGoAway, decodeReset, type GoAway, readNumber } from './control-frame.ts';
import type { FloodGuard } from './flood-guard.ts';
import { frameType } from './frame.ts';
import type { FrameHandler } from './frame-reader.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import type { StreamTable } from './stream-table.ts';

/** Credits and acknowledgements of fewer bytes count as useless; this package gives them in larger portions. */
const tinyBytes = 1024;

/** What the router leaves to the session. */
export interface SessionFrames {
  /** The peer opened a stream with a valid number. */
  opened(streamId: number, metadata: Buffer): void;
  /** PING. */
  ping(payload: Buffer): void;
  /** PONG. */
  pong(payload: Buffer): void;
  /** ACK. Returns how many bytes it acknowledges beyond the last one. */
  ack(received: number): number;
  /** GOAWAY. */
  goAway(notice: GoAway): void;
}

/** Brings each frame to its stream or to the session. Frames for streams that are over are tolerated: they crossed. */
export class FrameRouter implements FrameHandler {
  readonly #streams: StreamTable;
  readonly #guard: FloodGuard;
  readonly #session: SessionFrames;

  constructor(streams: StreamTable, guard: FloodGuard, session: SessionFrames) {
    this.#streams = streams;
    this.#guard = guard;
    this.#session = session;
  }

  open(streamId: number, metadata: Buffer): void {
    this.#streams.claim(streamId);
    this.#guard.earn();
    this.#session.opened(streamId, metadata);
  }

  data(streamId: number, piece: Buffer): void {
    const end = this.#streams.find(streamId);
    if (end === undefined) {
      this.#guard.spend();
      return;
    }
    this.#guard.earn();
    end.deliver(piece);
  }

  control(type: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) this.#onSessionFrame(type, payload);
    else this.#onStreamFrame(type, streamId, payload);
  }

  #onSessionFrame(type: number, payload: Buffer): void {
    if (type === frameType.ack && this.#session.ack(readNumber(payload, 0)) >= tinyBytes) return;
    this.#guard.spend();
    if (type === frameType.ping) this.#session.ping(payload);
    else if (type === frameType.pong) this.#session.pong(payload);
    else if (type === frameType.goaway) this.#session.goAway(decodeGoAway(payload));
  }

  #onStreamFrame(type: number, streamId: number, payload: Buffer): void {
    const end = this.#streams.find(streamId);
    const increment = type === frameType.window ? payload.readUInt32BE(0) : undefined;
    if (increment === 0) throw new ProtocolViolation(`WINDOW of 0 bytes on stream ${streamId}`);
    if (end === undefined || (increment !== undefined && increment < tinyBytes)) this.#guard.spend();
    else this.#guard.earn();
    if (end === undefined) return;
    if (increment !== undefined) {
      end.addCredit(increment);
    } else if (type === frameType.accept) {
      end.acceptedByPeer();
    } else if (type === frameType.fin) {
      end.finished();
    } else {
      const { reason, message } = decodeReset(payload);
      end.resetByPeer(reason, message);
    }
  }
}
