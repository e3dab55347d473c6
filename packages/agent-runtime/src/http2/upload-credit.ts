import type { ClientOutput } from './client-output.ts';
import type { DivertedStream } from './diverted-stream.ts';
import { defaultWindow, windowUpdate } from './frame.ts';

/** Body bytes that wait for slow holders are the client's connection's business up to here; then it has to wait too. */
const mostWaitingBytes = 1 << 20;
/** Credit is given in pieces of this size, or of half a window when that is less. */
const pieceBytes = 16_384;

/** What waits on all streams of a connection together, in bytes, when nobody counts windows any more. */
const mostHeldBytes = 1 << 26;

/** Gives the client back what it used up of its windows for what did not go to the app. */
export class UploadCredit {
  readonly #output: ClientOutput;
  /** How much the app lets clients send on a new stream: now, and at most so far. */
  #windowOfApp = defaultWindow;
  #mostOfStream = defaultWindow;
  /** Bytes of the connection's window that were not given back yet. */
  #used = 0;
  /** Body bytes that wait for those who answer. */
  #waiting = 0;

  constructor(output: ClientOutput) {
    this.#output = output;
  }

  /** The app lets clients send so much on a new stream. */
  set windowOfApp(bytes: number) {
    this.#windowOfApp = bytes;
    this.#mostOfStream = Math.max(this.#mostOfStream, bytes);
  }

  /** The client sent more than it may: nobody else counts what it sends on diverted streams. */
  isExceeded(stream: DivertedStream): boolean {
    return stream.body.size > this.#mostOfStream || this.#waiting > mostHeldBytes;
  }

  /** Bytes of the connection's window were used up by what is not for the app. */
  use(bytes: number): void {
    this.#used += bytes;
    if (this.#used < pieceBytes || this.#waiting > mostWaitingBytes) return;
    this.#output.write(windowUpdate(0, this.#used));
    this.#used = 0;
  }

  /** So many more body bytes wait for those who answer; less than none: so many were passed on or given up. */
  wait(bytes: number): void {
    this.#waiting += bytes;
    this.use(0);
  }

  /** So many bytes of a stream's body were passed on, or never meant for anybody. */
  useOfStream(stream: DivertedStream, bytes: number): void {
    stream.owed += bytes;
    if (stream.body.isOver || stream.owed < Math.min(pieceBytes, this.#windowOfApp / 2)) return;
    this.#output.write(windowUpdate(stream.id, stream.owed));
    stream.owed = 0;
  }
}
