import type { Socket } from 'node:net';
import { FrameOutput } from './frame-output.ts';

/** Writes frames of our own between those that the app sends to the client. What is written in one turn leaves together. */
export class ClientOutput extends FrameOutput {
  /** The app is in the middle of a frame: nothing may come between. */
  isWithinFrame = false;
  readonly #client: Socket;

  /** `onFull` is called when the client cannot take more at present. */
  constructor(client: Socket, onFull: () => void) {
    super((bytes) => {
      if (!client.write(bytes)) onFull();
    });
    this.#client = client;
  }

  protected override get isOpen(): boolean {
    return !this.isWithinFrame && this.#client.writable;
  }
}
