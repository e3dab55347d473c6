import type { Clock } from '@fairlead/core';
import { type DivertedStream, type Diverter, openDiverted, type StreamOrigin } from './diverter.ts';
import type { ProxyLimits } from './proxy-limits.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import type { CompiledIntercept } from './routes.ts';
import type { Side, SideOwner } from './side.ts';

/** What a diverted side needs of its surroundings. */
export interface DivertedSideOptions {
  readonly owner: SideOwner;
  readonly intercept: CompiledIntercept;
  readonly origin: StreamOrigin;
  readonly diverter: Diverter;
  readonly clock: Clock;
  readonly limits: ProxyLimits;
}

/**
 * The stream to the holder of an intercept that belongs to one client connection. It is opened with the first bytes.
 * What was sent is kept until somebody answers it, so that the app can get it if the stream fails.
 */
export class DivertedSide implements Side {
  readonly isApp = false;
  readonly intercept: CompiledIntercept;
  /** What was sent and not answered. */
  readonly replay: ReplayBuffer;
  /** Somebody took the stream: it may have acted upon what it got. */
  isAccepted = false;
  /** Bytes came back. */
  hasAnswered = false;
  /** Since when no request is under way on it; undefined while one is, or before the first. */
  idleSince: number | undefined;
  readonly #options: DivertedSideOptions;
  #stream: DivertedStream | undefined;
  #timer: Disposable | undefined;
  #isOpened = false;
  #isOver = false;
  #isFull = false;

  constructor(options: DivertedSideOptions) {
    this.intercept = options.intercept;
    this.replay = new ReplayBuffer(options.limits.replayBytes);
    this.#options = options;
  }

  get interceptId(): string {
    return this.intercept.id;
  }

  /** Whether another request may be sent on it after a pause. Local servers close idle connections, often after 5 s. */
  get isFresh(): boolean {
    const { clock, limits } = this.#options;
    const { idleSince } = this;
    return !this.#isOver && (idleSince === undefined || clock.now() - idleSince < limits.reuseIdleMs);
  }

  /** Opens the stream now, without bytes. */
  open(): void {
    if (!this.#isOpened && !this.#isOver) this.#open(undefined);
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver) return true;
    this.replay.append(bytes);
    this.#isFull = !this.#send(bytes) || (!this.isAccepted && this.replay.size >= this.#options.limits.replayBytes);
    return !this.#isFull;
  }

  end(): void {
    this.#stream?.end();
  }

  deliver(bytes: Buffer): void {
    const { client } = this.#options.owner;
    if (client.writable && !client.write(bytes)) this.#stream?.pause();
  }

  /** Takes nothing for now. */
  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  finish(): void {
    this.#close();
    const stream = this.#stream;
    if (!stream || stream.destroyed) return;
    const { clock, limits } = this.#options;
    const timer = clock.after(limits.lingerMs, () => stream.destroy());
    stream.once('close', () => timer[Symbol.dispose]());
    stream.end();
    stream.resume();
  }

  abort(): void {
    this.#close();
    this.#stream?.destroy(new Error('the traffic-agent gave the stream up'));
  }

  #send(bytes: Buffer): boolean {
    if (!this.#isOpened) this.#open(bytes);
    else if (this.#stream) return this.#stream.write(bytes);
    return true;
  }

  #open(firstBytes: Buffer | undefined): void {
    this.#isOpened = true;
    const { diverter, intercept, origin, clock, limits } = this.#options;
    const stream = openDiverted(diverter, intercept.id, origin, firstBytes);
    if (!stream) {
      // Told later, as the caller is in the middle of sending.
      queueMicrotask(() => this.#lost(new Error('there is no tunnel')));
      return;
    }
    this.#stream = stream;
    this.#timer = clock.after(limits.acceptTimeoutMs, () => {
      this.#lost(new Error(`nobody took the stream within ${limits.acceptTimeoutMs} ms`));
      stream.destroy();
    });
    stream.accepted.then(
      () => this.#accepted(),
      (reason: unknown) => this.#lost(reason instanceof Error ? reason : new Error(String(reason))),
    );
    stream.on('data', this.#read);
    stream.on('drain', () => this.#ready());
    stream.on('end', () => {
      if (!this.#isOver) this.#options.owner.sideEnded(this);
    });
    stream.on('error', (error) => this.#lost(error));
    stream.on('close', () => {
      this.#timer?.[Symbol.dispose]();
      if (!stream.readableEnded) this.#lost(new Error('the stream was closed'));
    });
  }

  readonly #read = (bytes: Buffer): void => {
    if (this.#isOver) return;
    if (!this.isAccepted) this.#accepted();
    this.hasAnswered = true;
    this.#options.owner.sideSent(this, bytes);
  };

  #accepted(): void {
    if (this.isAccepted || this.#isOver) return;
    this.isAccepted = true;
    if (this.#options.origin.protocol !== 'http1') this.replay.stop();
    this.#timer?.[Symbol.dispose]();
    this.#ready();
  }

  #ready(): void {
    if (this.#isOver || !this.#isFull || this.#stream?.writableNeedDrain) return;
    if (!this.isAccepted && this.replay.size >= this.#options.limits.replayBytes) return;
    this.#isFull = false;
    this.#options.owner.sideReady(this);
  }

  #lost(error: Error): void {
    if (this.#isOver) return;
    this.#close();
    this.#options.owner.sideLost(this, error);
  }

  #close(): void {
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
  }
}
