import { ReplayBuffer } from '../proxy/replay-buffer.ts';

/** The body of a diverted request: what waits for window, and what may have to be sent once more to somebody else. */
export class RequestBody {
  /** The client has sent everything. */
  isOver = false;
  /** Everything was passed on. */
  isSent = false;
  #waiting: Buffer[] = [];
  #bytes = 0;
  readonly #sent: ReplayBuffer;
  /** Where in what was sent the present attempt begins. */
  #start = 0;

  /** Keeps about this many bytes of what was sent. */
  constructor(keptBytes: number) {
    this.#sent = new ReplayBuffer(keptBytes);
  }

  /** How many bytes wait. */
  get size(): number {
    return this.#bytes;
  }

  /** More of it came. */
  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
  }

  /** Takes out at most this many bytes, which count as sent. */
  take(most: number): Buffer {
    const first = this.#waiting[0] as Buffer;
    const bytes = first.length <= most ? first : first.subarray(0, most);
    if (bytes === first) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(most);
    this.#bytes -= bytes.length;
    this.#sent.append(bytes);
    return bytes;
  }

  /** Lets all wait again that was sent. False: that is no longer known. */
  restart(): boolean {
    const sent = this.#sent.since(this.#start);
    if (!sent) return false;
    this.#waiting = [...sent, ...this.#waiting];
    this.#bytes += this.#sent.size;
    this.#start = this.#sent.end;
    this.#sent.trim(this.#start);
    this.isSent = false;
    return true;
  }

  /** Somebody answers: nobody else will be asked. */
  forget(): void {
    this.#sent.stop();
  }
}
