import type { Socket } from 'node:net';

/** Writes frames of our own between those that the app sends to the client. What is written in one turn leaves together. */
export class ClientOutput {
  /** The app is in the middle of a frame: nothing may come between. */
  isWithinFrame = false;
  readonly #client: Socket;
  /** The client cannot take more at present. */
  readonly #onFull: () => void;
  #frames: Buffer[] = [];
  #isScheduled = false;

  constructor(client: Socket, onFull: () => void) {
    this.#client = client;
    this.#onFull = onFull;
  }

  /** Sends frames as soon as may be, in order. */
  write(frames: Buffer): void {
    this.#frames.push(frames);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Sends what waits, unless the app is in the middle of a frame. */
  flush(): void {
    const client = this.#client;
    if (this.isWithinFrame || this.#frames.length === 0 || !client.writable) return;
    const bytes = this.#frames.length === 1 ? (this.#frames[0] as Buffer) : Buffer.concat(this.#frames);
    this.#frames = [];
    if (!client.write(bytes)) this.#onFull();
  }
}
