import type { Socket } from 'node:net';

/** One of the parties that a client connection's bytes may go to: the app, or the holder of an intercept. */
export interface Side {
  readonly isApp: boolean;
  /** The intercept whose holder this is; undefined for the app. */
  readonly interceptId: string | undefined;
  /** Sends bytes. False: send no more until {@link SideOwner.sideReady}. */
  write(bytes: Buffer): boolean;
  /** The client sends no more: passes its half-close on. */
  end(): void;
  /** Gives bytes that it offered by {@link SideOwner.sideSent} to the client. A prefix of them, at most once. */
  deliver(bytes: Buffer): void;
  /** The client can take bytes again. */
  resume(): void;
  /** Nobody needs it any more: closes without alarm. Reports nothing afterwards. */
  finish(): void;
  /** Cuts it off, so that the other end sees a reset. Reports nothing afterwards. */
  abort(): void;
}

/** The client connection that sides belong to. */
export interface SideOwner {
  readonly client: Socket;
  /** The side sent bytes. They are valid during this call only. */
  sideSent(side: Side, bytes: Buffer): void;
  /** The side can take bytes again. */
  sideReady(side: Side): void;
  /** The side sends no more. */
  sideEnded(side: Side): void;
  /** The side was cut off or could not be reached. Nothing comes from it any more. */
  sideLost(side: Side, error: Error): void;
}
