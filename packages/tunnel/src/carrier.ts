import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Candidate } from './candidate.ts';
import { encodeNumber, encodePong } from './control-frame.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { Heartbeat } from './heartbeat.ts';
import { encodeIntroduction } from './introduction.ts';
import type { Link } from './link.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import { RetransmitLog } from './retransmit-log.ts';
import type { SessionTerms } from './session-options.ts';
import { type ReadSettings, type Settings, tokenBytes } from './settings.ts';
import { TunnelError } from './tunnel-error.ts';

/** What a carrier tells its session. */
export interface CarrierEvents {
  /** The peer has introduced itself; frames may flow. */
  established(peer: Settings): void;
  /** The transport was lost and may be replaced. */
  interrupted(cause: TunnelError): void;
  /** Another transport carries on. */
  resumed(): void;
  /** There is no way on; the session has to close. */
  failed(error: TunnelError): void;
}

const mostControlBytes = 1024 * 1024;
const mostUrgentFrames = 1000;
const mostUnacknowledged = 256 * 1024;

/** Carries the frames of one session over one transport after the other, none lost and none twice. */
export class Carrier {
  readonly writer: FrameWriter = new FrameWriter();
  readonly heartbeat: Heartbeat;
  readonly #terms: SessionTerms;
  readonly #events: CarrierEvents;
  readonly #reader: FrameReader;
  /** The name of the session, given by the acceptor. */
  #token: Buffer | undefined;
  #log: RetransmitLog | undefined;
  #acknowledged = 0;
  #acknowledgeAfter = Number.POSITIVE_INFINITY;
  #candidate: Candidate | undefined;
  #link: Link | undefined;
  #deadline: unknown;
  #isEstablished = false;
  #isClosed = false;

  constructor(terms: SessionTerms, handler: FrameHandler, events: CarrierEvents) {
    this.#terms = terms;
    this.#events = events;
    this.#reader = new FrameReader(handler, terms.limits.maxMetadataBytes);
    if (terms.role === 'acceptor' && terms.resume !== undefined) this.#token = randomBytes(tokenBytes);
    this.heartbeat = new Heartbeat(terms.timers, terms.heartbeat, {
      ping: (id) => {
        this.#acknowledge();
        this.writer.urgent(encodeNumber('ping', id));
      },
      dead: (verdict) => {
        this.#letGo();
        this.#onLost(verdict);
      },
    });
  }

  /** The name of the session; known to the acceptor at once, to the dialer when established. */
  get token(): Buffer | undefined {
    return this.#token;
  }

  /** Whether a transport carries the session at this moment. */
  get isCarried(): boolean {
    return this.#isEstablished && this.#link !== undefined;
  }

  /** Bytes kept to be sent again. */
  get unacknowledgedBytes(): number {
    return this.#log?.bytes ?? 0;
  }

  /** Introduces this end on the first transport. */
  start(transport: Duplex): void {
    this.#candidate = this.#try(transport, {
      settings: (link, read) => this.#onFirstSettings(link, read),
      failed: (error) => this.#fail(error),
    });
    this.#link = this.#candidate.link;
    this.#introduce(this.#link, {});
  }

  /** Goes on over another transport; resolved when it carries the session. */
  resume(transport: Duplex, signal?: AbortSignal): Promise<void> {
    const refusal = this.#whyNotResume();
    if (refusal !== undefined || signal?.aborted) {
      transport.destroy();
      return Promise.reject(refusal ?? signal?.reason);
    }
    this.#candidate?.fail(new TunnelError('transport-replaced', 'a newer transport came during the handshake'));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal?.reason);
        candidate.fail(new TunnelError('aborted', 'resume was cancelled'));
      };
      const settle = (error: TunnelError | undefined): void => {
        signal?.removeEventListener('abort', onAbort);
        if (this.#candidate === candidate) this.#candidate = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      const candidate = this.#try(transport, {
        settings: (link, read) => {
          const error = this.#checkResume(read.settings);
          settle(error);
          if (error === undefined) this.#goOn(link, read);
          else this.#onResumeRefused(link, error);
        },
        failed: (error) => {
          candidate.link.destroy();
          settle(error);
        },
      });
      signal?.addEventListener('abort', onAbort);
      this.#candidate = candidate;
      if (this.#terms.role === 'acceptor') return;
      // What arrives on the old transport from here on would be missing in the count that the peer is told.
      this.#letGo();
      this.#awaitTransport();
      this.#introduce(candidate.link, { resume: this.#token, received: this.#reader.received });
    });
  }

  /** Ends everything; resolved when the transport is closed. The frame, if any, goes out last. */
  close(reason: TunnelError, frame?: Buffer): Promise<void> {
    this.#isClosed = true;
    const link = this.#link;
    this.#link = undefined;
    this.heartbeat.stop();
    // What is under way still goes out, so whoever wrote it must not use it again before the transport has closed.
    const closed = link?.finish(frame, this.#terms.timers, this.#terms.timeouts.lingerMs) ?? Promise.resolve();
    this.writer.detach(closed);
    this.#reader.rewind();
    this.#terms.timers.clearTimeout(this.#deadline);
    this.#candidate?.fail(reason);
    return closed;
  }

  /** The peer asks whether this end lives. */
  onPing(payload: Buffer): void {
    this.#acknowledge();
    this.writer.urgent(encodePong(payload));
    if (this.writer.urgentFrames > mostUrgentFrames) throw new ProtocolViolation('pings without reading', 'flood');
  }

  /** The peer has taken in so many sequenced bytes. Returns how many of them are news. */
  onAck(received: number): number {
    const before = this.unacknowledgedBytes;
    if (!this.#log?.covers(received)) throw new ProtocolViolation(`ACK of ${received} bytes, which were not sent`);
    this.writer.acknowledged(received);
    return before - this.unacknowledgedBytes;
  }

  #try(transport: Duplex, events: ConstructorParameters<typeof Candidate>[3]): Candidate {
    return new Candidate(transport, this.#terms.timers, this.#terms.timeouts.handshakeMs, events);
  }

  #introduce(link: Link, place: Pick<Settings, 'resume' | 'received'>): void {
    link.write([encodeIntroduction(this.#terms, this.#token, place)], () => {});
  }

  #onFirstSettings(link: Link, { settings, rest }: ReadSettings): void {
    this.#candidate = undefined;
    if (settings.resume !== undefined) {
      this.#fail(new TunnelError('resume-refused', 'the peer wants to resume a session that this end does not know'));
      return;
    }
    if (this.#terms.role === 'dialer') this.#token = settings.session;
    const { resume } = this.#terms;
    if (resume !== undefined && settings.resumeBufferBytes !== undefined && this.#token !== undefined) {
      this.#log = new RetransmitLog(resume.bufferBytes);
      this.writer.keepIn(this.#log);
      this.#acknowledgeAfter = Math.min(mostUnacknowledged, settings.resumeBufferBytes / 4);
    }
    this.#isEstablished = true;
    this.#events.established(settings);
    this.#adopt(link, rest, []);
  }

  #checkResume(settings: Settings): TunnelError | undefined {
    const { resume, received } = settings;
    if (resume === undefined || this.#token?.equals(resume) !== true) {
      return new TunnelError('resume-refused', 'the other end does not know this session');
    }
    if (received === undefined || this.#log?.covers(received) !== true) {
      return new TunnelError('resume-refused', 'the other end has lost its place in this session');
    }
    return undefined;
  }

  #onResumeRefused(link: Link, error: TunnelError): void {
    link.destroy();
    // An acceptor may have been handed somebody else's transport; a dialer knows whom it asked.
    if (this.#terms.role === 'dialer') this.#fail(error);
  }

  #goOn(link: Link, { settings, rest }: ReadSettings): void {
    const received = settings.received ?? 0;
    if (this.#terms.role === 'acceptor') {
      this.#letGo();
      this.#introduce(link, { resume: this.#token, received: this.#reader.received });
    }
    this.#terms.timers.clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#acknowledged = this.#reader.received;
    this.#adopt(link, rest, this.#log?.from(received) ?? []);
    this.#events.resumed();
  }

  #adopt(link: Link, rest: Buffer, again: readonly Buffer[]): void {
    this.#link = link;
    link.listen({
      bytes: (chunk) => this.#onBytes(chunk),
      lost: (cause) => {
        this.#letGo();
        this.#onLost(cause);
      },
    });
    this.writer.attach(link, again);
    this.heartbeat.start();
    if (rest.length > 0) this.#onBytes(rest);
  }

  #onBytes(chunk: Buffer): void {
    const before = this.#reader.received;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) {
        this.#fail(new TunnelError('internal', 'a callback of the application threw', { cause: error }));
        throw error;
      }
      this.#fail(new TunnelError(error.code, error.message));
    }
    if (this.#link === undefined) return;
    const { received } = this.#reader;
    if (received > before) this.heartbeat.lives();
    if (received - this.#acknowledged >= this.#acknowledgeAfter) this.#acknowledge();
    if (this.writer.controlBytes > mostControlBytes) {
      this.#fail(new TunnelError('flood', 'the peer causes answers and does not read them'));
    }
  }

  #acknowledge(): void {
    const { received } = this.#reader;
    if (this.#log === undefined || received === this.#acknowledged) return;
    this.#acknowledged = received;
    this.writer.urgent(encodeNumber('ack', received));
  }

  #onLost(cause: TunnelError): void {
    if (this.#log === undefined) {
      this.#fail(cause);
      return;
    }
    this.#awaitTransport(cause);
    this.#events.interrupted(cause);
  }

  #awaitTransport(cause?: TunnelError): void {
    const timeoutMs = this.#terms.resume?.timeoutMs;
    if (timeoutMs === undefined || this.#deadline !== undefined) return;
    this.#deadline = this.#terms.timers.setTimeout(() => {
      this.#fail(new TunnelError('resume-expired', `no new transport in ${timeoutMs} ms`, cause && { cause }));
    }, timeoutMs);
  }

  #whyNotResume(): TunnelError | undefined {
    if (this.#isClosed) return new TunnelError('session-closed', 'the session is closed');
    if (this.#log === undefined) return new TunnelError('resume-unavailable', 'both ends have to offer resume');
    return undefined;
  }

  /** Leaves the present transport, if there is one, at the border of what was taken in. */
  #letGo(): void {
    this.#link?.destroy();
    this.#link = undefined;
    this.heartbeat.stop();
    this.writer.detach();
    this.#reader.rewind();
  }

  #fail(error: TunnelError): void {
    if (!this.#isClosed) this.#events.failed(error);
  }
}
