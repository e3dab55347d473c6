import { type Clock, DatagramDecoder, encodeDatagram, maxDatagramBytes } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';

/** What reads the datagrams of a flow. */
export interface DatagramReader {
  /** One came. */
  datagram(bytes: Uint8Array): void;
  /** The flow has ended, in whatever way. Told once. */
  over(): void;
}

/** Bytes of answers that may wait for the tunnel; newer ones are dropped. */
const queueBytes = 262_144;

/** How long answers are waited for when no more datagrams come, in milliseconds. */
const lingerMs = 1_000;

/** The datagrams of one caller, both ways, on a stream of the tunnel. */
export class DatagramStream implements Disposable {
  readonly #stream: TunnelStream;
  readonly #reader: DatagramReader;
  readonly #clock: Clock;
  readonly #decoder = new DatagramDecoder();
  /** Called whenever a datagram goes either way. */
  readonly #used: () => void;
  #unanswered = 0;
  #hasEnded = false;
  #linger: Disposable | undefined;

  /** Begins to read. */
  constructor(stream: TunnelStream, reader: DatagramReader, clock: Clock, used: () => void) {
    this.#stream = stream;
    this.#reader = reader;
    this.#clock = clock;
    this.#used = used;
    stream.on('data', (bytes: Uint8Array) => this.#read(bytes));
    stream.once('end', () => this.#finish());
    stream.once('close', () => {
      this.#linger?.[Symbol.dispose]();
      reader.over();
    });
  }

  /** Sends an answer. False: it is too long, or there are too many. */
  send(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (bytes.length > maxDatagramBytes || stream.writableLength + bytes.length > queueBytes) return false;
    if (!stream.writable) return false;
    this.#used();
    stream.write(encodeDatagram(bytes));
    this.#unanswered -= 1;
    if (this.#hasEnded && this.#unanswered <= 0) this.#end();
    return true;
  }

  /** Nobody is there who could take datagrams: the app is to get those that were not answered. */
  refuse(message: string): void {
    this.#stream.reset('refused', message);
  }

  /** Ends the flow in good order. */
  [Symbol.dispose](): void {
    this.#end();
    this.#stream.resume();
  }

  #read(bytes: Uint8Array): void {
    let datagrams: readonly Uint8Array[];
    try {
      datagrams = this.#decoder.decode(bytes);
    } catch (error) {
      this.#stream.destroy(error as RangeError);
      return;
    }
    for (const datagram of datagrams) {
      this.#used();
      this.#unanswered += 1;
      this.#reader.datagram(datagram);
    }
  }

  /** No more datagrams come; some may be due to be answered. */
  #finish(): void {
    this.#hasEnded = true;
    if (this.#unanswered <= 0) this.#end();
    else this.#linger = this.#clock.after(lingerMs, () => this.#end());
  }

  #end(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }
}
