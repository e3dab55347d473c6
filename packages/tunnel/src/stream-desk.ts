import { encodeReset } from './control-frame.ts';
import type { FrameWriter } from './frame-writer.ts';
import { type IncomingStream, OfferedStream } from './incoming-stream.ts';
import { ReceiveBudget } from './receive-budget.ts';
import { ReceiveWindow, type WindowTerms } from './receive-window.ts';
import type { SessionTerms } from './session-options.ts';
import type { Settings } from './settings.ts';
import { StreamEnd, type StreamHost } from './stream-end.ts';
import type { StreamTable } from './stream-table.ts';
import { TunnelError } from './tunnel-error.ts';
import { TunnelStream } from './tunnel-stream.ts';

/** What a stream is opened with. */
export interface OpenOptions {
  /** Bytes that travel in the same frame as the opening. */
  readonly firstBytes?: Uint8Array | undefined;
  /** Cancels the stream when aborted, at any time of its life. */
  readonly signal?: AbortSignal | undefined;
}

/** What the desk needs of its session. */
export interface DeskServices {
  /** Sends frames. */
  readonly writer: FrameWriter;
  /** The round trip for the windows. */
  roundTripMs(): number | undefined;
  /** Takes the streams that the peer opens; absent: none are taken. */
  readonly onStream: ((incoming: IncomingStream) => void) | undefined;
}

/** Opens streams, and takes those of the peer, within the limits of both ends. */
export class StreamDesk {
  /** Set when this end takes and opens no new streams. */
  isGoingAway = false;
  /** Set when the peer takes none. */
  isPeerGoingAway = false;
  readonly #terms: SessionTerms;
  readonly #streams: StreamTable;
  readonly #services: DeskServices;
  readonly #host: StreamHost;
  #peer: Settings | undefined;

  constructor(terms: SessionTerms, streams: StreamTable, services: DeskServices) {
    const { limits, timers } = terms;
    this.#terms = terms;
    this.#services = services;
    this.#streams = streams;
    const setApart = 2 * limits.maxStreams * limits.initialWindowBytes;
    const windows: WindowTerms = {
      limits,
      budget: new ReceiveBudget(limits.receiveBudgetBytes - setApart),
      now: () => timers.now(),
      roundTripMs: () => services.roundTripMs(),
    };
    this.#host = {
      turns: services.writer,
      control: (frame) => services.writer.control(frame),
      receiveWindow: () => new ReceiveWindow(windows),
      answered: (end) => this.#streams.answered(end),
      ended: (end) => this.#streams.remove(end),
    };
  }

  /** The peer has introduced itself: streams opened so far get their credit, or end when it does not take so many. */
  meet(peer: Settings): void {
    let streams = 0;
    for (const end of this.#streams.all()) {
      const refusal = this.#checkRoom(peer, { streams, pending: streams, metadataBytes: end.metadata.length });
      if (refusal !== undefined) {
        end.fail(refusal);
        continue;
      }
      streams += 1;
      end.addCredit(peer.initialWindowBytes);
    }
    this.#peer = peer;
  }

  /** Opens a stream, or throws without having sent anything. */
  open(metadata: Uint8Array, { firstBytes, signal }: OpenOptions): TunnelStream {
    signal?.throwIfAborted();
    if (this.isGoingAway) throw new TunnelError('going-away', 'this end opens no new streams');
    if (this.isPeerGoingAway) throw new TunnelError('going-away', 'the other end takes no new streams');
    const { own, ownPending } = this.#streams;
    const present = { streams: own, pending: ownPending, metadataBytes: metadata.length };
    const refusal = this.#checkRoom(this.#peer ?? this.#terms.limits, present);
    if (refusal !== undefined) throw refusal;
    const id = this.#streams.nextId();
    if (id === undefined) throw new TunnelError('going-away', 'the session has used up its stream numbers');

    const end = new StreamEnd({ id, metadata: Buffer.from(metadata), isOpener: true }, this.#host);
    this.#streams.add(end);
    const stream = new TunnelStream(end);
    if (this.#peer !== undefined) end.addCredit(this.#peer.initialWindowBytes);
    // What is written in this tick travels in the same frame as the opening.
    stream.cork();
    process.nextTick(() => {
      stream.uncork();
      end.open();
    });
    if (firstBytes !== undefined && firstBytes.length > 0) stream.write(firstBytes);
    if (signal !== undefined) cancelOnAbort(stream, end, signal);
    return stream;
  }

  /** The peer opened a stream. */
  opened(id: number, metadata: Buffer): void {
    const { limits } = this.#terms;
    if (this.isGoingAway) {
      this.#host.control(encodeReset(id, 'going-away'));
      return;
    }
    if (this.#streams.peers >= limits.maxStreams || this.#streams.peersPending >= limits.maxPendingOpens) {
      this.#host.control(encodeReset(id, 'busy'));
      return;
    }
    // A copy: the view would keep the transport's whole chunk alive.
    const end = new StreamEnd({ id, metadata: Buffer.from(metadata), isOpener: false }, this.#host);
    this.#streams.add(end);
    end.addCredit(this.#peer?.initialWindowBytes ?? 0);
    this.#offer(new OfferedStream(end));
  }

  /** The session is over, since this end wanted it or not; all streams with it. */
  closeAll(error: TunnelError, isWanted: boolean): void {
    for (const end of this.#streams.all()) {
      if (isWanted) end.close(error);
      else end.fail(error);
    }
  }

  #offer(offered: OfferedStream): void {
    const { onStream } = this.#services;
    if (onStream === undefined) {
      offered.refuse();
      return;
    }
    try {
      onStream(offered);
      offered.limit(this.#terms.timers, this.#terms.timeouts.answerMs);
    } catch (error) {
      offered.abandon();
      // The failure is the application's to see, but not in the midst of other streams' frames.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #checkRoom(
    peer: Pick<Settings, 'maxStreams' | 'maxPendingOpens' | 'maxMetadataBytes'>,
    present: { readonly streams: number; readonly pending: number; readonly metadataBytes: number },
  ): TunnelError | undefined {
    const { streams, pending, metadataBytes } = present;
    const most = Math.min(peer.maxStreams, this.#terms.limits.maxStreams);
    if (metadataBytes > peer.maxMetadataBytes) {
      return new TunnelError(
        'metadata-too-large',
        `${metadataBytes} bytes of metadata, at most ${peer.maxMetadataBytes}`,
      );
    }
    if (streams >= most) return new TunnelError('too-many-streams', `${streams} streams are open, at most ${most}`);
    if (pending >= peer.maxPendingOpens) {
      return new TunnelError(
        'too-many-streams',
        `${pending} streams wait for an answer, at most ${peer.maxPendingOpens}`,
      );
    }
    return undefined;
  }
}

function cancelOnAbort(stream: TunnelStream, end: StreamEnd, signal: AbortSignal): void {
  const onAbort = (): void => {
    const reason: unknown = signal.reason;
    end.cancel(reason instanceof Error ? reason : new Error('cancelled', { cause: reason }));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', onAbort));
}
