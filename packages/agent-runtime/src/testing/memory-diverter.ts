import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import type { DatagramOrigin, DivertedStream, Diverter, StreamOrigin } from '../proxy/diverter.ts';

/** A stream whose far end is played by a test. */
export class ScriptedStream extends Duplex implements DivertedStream {
  readonly accepted: Promise<void>;
  /** The half-close arrived. */
  hasEnded = false;
  /** The far end takes the stream. */
  accept: () => void = () => {};
  /** Called with all that was received, whenever more came. */
  onReceived: ((received: string) => void) | undefined;
  #refuse: (error: Error) => void = () => {};
  #pieces: Buffer[] = [];
  #isReading = true;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
    this.accepted = new Promise((resolve, reject) => {
      this.accept = resolve;
      this.#refuse = reject;
    });
    this.accepted.catch(() => {});
  }

  /** What was written to it. */
  get received(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  /** What was written to it, as text. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** The far end does not take it. */
  refuse(reason = 'refused by the test'): void {
    const error = new Error(reason);
    this.#refuse(error);
    this.destroy(error);
  }

  /** The far end sends bytes. */
  answer(bytes: string | Buffer): void {
    this.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The far end stops or goes on reading. */
  set isReading(isReading: boolean) {
    this.#isReading = isReading;
    if (!isReading) return;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#pieces.push(chunk);
    this.onReceived?.(this.text);
    if (this.#isReading) callback();
    else this.#waiting = callback;
  }

  override _final(callback: () => void): void {
    this.hasEnded = true;
    callback();
  }
}

/** What stands behind an intercept: a server of this machine, a script, or nobody. */
export type Holder = number | ((stream: ScriptedStream, origin: StreamOrigin | DatagramOrigin) => void) | undefined;

/** Takes diverted traffic to parties in this process, as a tunnel would: accepted when the party was reached. */
export class MemoryDiverter implements Diverter {
  readonly holders = new Map<string, Holder>();
  /** Every stream that was opened, in order. */
  readonly opened: {
    readonly intercept: string;
    readonly origin: StreamOrigin | DatagramOrigin;
    readonly firstBytes: string;
  }[] = [];
  /** Streams for copies by wiretap, in order. */
  readonly taps = new Map<string, ScriptedStream[]>();
  /** Called with each new tap stream. */
  onTap: ((stream: ScriptedStream) => void) | undefined;
  readonly #streams = new Set<Duplex>();

  divert(intercept: string, origin: StreamOrigin | DatagramOrigin, firstBytes?: Buffer): DivertedStream | undefined {
    const holder = this.holders.get(intercept);
    if (holder === undefined) return undefined;
    this.opened.push({ intercept, origin, firstBytes: firstBytes?.toString('latin1') ?? '' });
    const stream = typeof holder === 'number' ? dial(holder) : new ScriptedStream();
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (typeof holder === 'function') holder(stream as ScriptedStream, origin);
    if (firstBytes && !stream.destroyed) stream.write(firstBytes);
    return stream;
  }

  tap(wiretap: string): DivertedStream {
    const stream = new ScriptedStream();
    this.taps.set(wiretap, [...(this.taps.get(wiretap) ?? []), stream]);
    if (this.onTap) this.onTap(stream);
    else stream.accept();
    return stream;
  }

  /** How many streams are open. */
  get open(): number {
    return this.#streams.size;
  }

  /** The tunnel dies, and every stream with it. */
  die(): void {
    this.holders.clear();
    for (const stream of this.#streams) stream.destroy(new Error('the tunnel died'));
  }
}

function dial(port: number): DivertedStream {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const accepted = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
  accepted.catch(() => {});
  socket.on('error', () => {});
  return Object.assign(socket, { accepted });
}
