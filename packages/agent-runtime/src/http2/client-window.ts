import { defaultWindow } from './frame.ts';

/**
 * What the client still takes on the whole connection. The app does not know of diverted data: what of it is on its way
 * to the client is lent from the app, and given back first.
 */
export class ClientWindow {
  /** How many bytes the client takes now. */
  size: number = defaultWindow;
  /** How many bytes less that is than the app believes. */
  lent = 0;
  /** The window of each new stream. */
  ofStreams: number = defaultWindow;

  /** Data of the app was passed on. */
  appSent(bytes: number): void {
    this.size -= bytes;
  }

  /** Data of somebody else was passed on. */
  divertedSent(bytes: number): void {
    this.size -= bytes;
    this.lent += bytes;
  }

  /** The client gives so much back. Returns what of it the app is to hear of. */
  returned(bytes: number): number {
    const back = Math.min(bytes, this.lent);
    this.lent -= back;
    this.size += bytes;
    return bytes - back;
  }
}
