import type { ConnectionTaps } from './connection-taps.ts';
import type { PortContext } from './port-context.ts';
import type { CompiledIntercept } from './routes.ts';
import type { Side, SideOwner } from './side.ts';
import type { Sides } from './sides.ts';
import type { TapSink } from './tap-sink.ts';

/**
 * What a client connection is at present: undecided, HTTP, raw, or closing. The connection hands every event to its
 * phase, and a phase may make the connection enter another one.
 */
export interface Phase {
  /** The client sent bytes. */
  clientSent(bytes: Buffer): void;
  /** The client sends no more. */
  clientEnded(): void;
  /** See {@link SideOwner}. */
  sideSent(side: Side, bytes: Buffer): void;
  /** See {@link SideOwner}. */
  sideEnded(side: Side): void;
  /** See {@link SideOwner}. */
  sideLost(side: Side, error: Error): void;
  /** Other routes are in force. */
  routesChanged(): void;
  /** The port is being closed. */
  drain(): void;
  /** The intercepts whose holders have to do with it, where that is not told by the connection's current side. */
  readonly divertedTo?: readonly string[];
}

/** How a connection of HTTP/2 begins. */
export interface Http2Beginning {
  /** What came of the client, if anything did. */
  readonly bytes?: Buffer;
  /** The app has the client's preface already. */
  readonly hasPreface?: boolean;
}

/** The client connection, as its phase sees it. */
export interface PhaseHost extends SideOwner {
  readonly port: PortContext;
  /** What the connection is at present. */
  readonly phase: Phase;
  readonly sides: Sides;
  /** The copies that are made of this connection. */
  readonly taps: ConnectionTaps;
  /** The client sends no more. */
  readonly hasClientEnded: boolean;
  /** Where the last request, or the whole connection, went. */
  current: Side | undefined;
  /** Sends bytes to a side; reads no more from the client until it can take more. */
  send(side: Side, bytes: Buffer): void;
  /** Reads nothing from the client until this side is ready. */
  waitFor(side: Side): void;
  /** Reads nothing from the client until {@link release}. */
  hold(): void;
  /** Ends a {@link hold}. */
  release(): void;
  /** Takes a side out of the books, without closing it. */
  forget(side: Side): void;
  /** Calls `action` after a while, instead of what was to be called before. */
  arm(ms: number, action: () => void): void;
  /** Nothing is to be called any more. */
  disarm(): void;
  /** From now on all bytes go to that side and nothing is looked at. These go first; they are not copied to the taps. */
  becomeRaw(side: Side, bytes: readonly Buffer[], taps?: readonly TapSink[]): void;
  /** From now on requests are told apart, beginning with these bytes. */
  becomeHttp(bytes?: Buffer): void;
  /** From now on streams of HTTP/2 are told apart, beginning with these bytes, which may be less than the preface. */
  becomeHttp2(from?: Http2Beginning): void;
  /** The client speaks HTTP/2, and this intercept of whole connections wants it if need be. */
  becomeUnproven(intercept: CompiledIntercept, bytes: Buffer): void;
  /** Ends the connection in good order, after a last word if there is one. */
  close(lastWords?: Buffer): void;
  /** Sends the client no more, once what was written is sent; it may still send itself. */
  endClient(): void;
  /** Cuts the connection, so that the client sees a reset. */
  reset(): void;
}
