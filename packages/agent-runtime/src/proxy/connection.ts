import type { Socket } from 'node:net';
import { Http2Phase } from '../http2/http2-phase.ts';
import { UnprovenPhase } from '../http2/unproven-phase.ts';
import type { AcceptSocket } from './accepting.ts';
import { ClosingPhase } from './closing-phase.ts';
import { ConnectionTaps } from './connection-taps.ts';
import { cutSocket } from './cut-socket.ts';
import { DivertedSide } from './diverted-side.ts';
import { endSocket } from './end-socket.ts';
import { HttpPhase } from './http-phase.ts';
import type { Http2Beginning, Phase, PhaseHost } from './phase.ts';
import type { PortContext } from './port-context.ts';
import { RawPhase } from './raw-phase.ts';
import type { CompiledIntercept } from './routes.ts';
import type { Side } from './side.ts';
import { Sides, sourceOf } from './sides.ts';
import { TapSink } from './tap-sink.ts';
import { UndecidedPhase } from './undecided-phase.ts';

/** One client connection: its socket, the sides it has to do with, and the phase it is in. */
export class Connection implements PhaseHost {
  readonly client: Socket;
  readonly port: PortContext;
  readonly sides: Sides;
  /** Where the last request, or the whole connection, went. */
  current: Side | undefined;
  /** Made when the first wiretap wants something of this connection. */
  #taps: ConnectionTaps | undefined;
  #phase: Phase;
  /** The side that cannot take more bytes at present. */
  #blockedBy: Side | undefined;
  #isHeld = false;
  #hasClientEnded = false;
  #timer: Disposable | undefined;

  /** Takes over an accepted connection. Calls back once when all is over. */
  constructor(accept: AcceptSocket, port: PortContext, onClose: (connection: Connection) => void) {
    const client = accept((bytes) => this.#phase.clientSent(bytes));
    this.client = client;
    this.port = port;
    this.sides = new Sides(this, port);
    client.on('drain', () => this.sides.resume());
    client.on('end', () => {
      this.#hasClientEnded = true;
      this.#phase.clientEnded();
    });
    let isReset = false;
    client.on('error', () => {
      isReset = true;
    });
    client.on('close', () => {
      this.#closed(isReset);
      onClose(this);
    });
    this.#phase = this.#firstPhase();
  }

  /** The client sends no more. */
  get hasClientEnded(): boolean {
    return this.#hasClientEnded;
  }

  /** What the connection is at present. */
  get phase(): Phase {
    return this.#phase;
  }

  /** The copies that are made of this connection. */
  get taps(): ConnectionTaps {
    this.#taps ??= new ConnectionTaps((wiretap, protocol) => {
      const { diverter, containerPort, limits, counters } = this.port;
      const origin = { containerPort, protocol, source: sourceOf(this.client) };
      return new TapSink(wiretap.id, diverter.tap(wiretap.id, origin), limits.tapBytes, (bytes) => {
        counters.tapDropped += bytes;
      });
    });
    return this.#taps;
  }

  /** The intercepts that something of this connection is diverted to at present. */
  get divertedTo(): readonly string[] {
    const { current } = this;
    return this.#phase.divertedTo ?? (current instanceof DivertedSide ? [current.intercept.id] : []);
  }

  /** Sends bytes to a side; reads no more from the client until it can take more. */
  send(side: Side, bytes: Buffer): void {
    if (!side.write(bytes)) this.waitFor(side);
  }

  /** Reads nothing from the client until this side is ready. */
  waitFor(side: Side): void {
    this.#blockedBy = side;
    this.client.pause();
  }

  /** Reads nothing from the client until {@link release}. */
  hold(): void {
    this.#isHeld = true;
    this.client.pause();
  }

  /** Ends a {@link hold}. */
  release(): void {
    this.#isHeld = false;
    this.#resume();
  }

  /** Takes a side out of the books, without closing it. */
  forget(side: Side): void {
    this.sides.forget(side);
    if (this.current === side) this.current = undefined;
    if (this.#blockedBy === side) this.#unblock();
  }

  /** Calls `action` after a while, instead of what was to be called before. */
  arm(ms: number, action: () => void): void {
    this.disarm();
    this.#timer = this.port.clock.after(ms, action);
  }

  /** Nothing is to be called any more. */
  disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  /** From now on all bytes go to that side, and nothing is looked at any more. */
  becomeRaw(side: Side, bytes: readonly Buffer[], taps?: readonly TapSink[]): void {
    this.disarm();
    this.current = side;
    this.sides.finish(side);
    if (side instanceof DivertedSide && side.hasAnswered) side.replay.stop();
    if (this.#blockedBy !== side) this.#blockedBy = undefined;
    this.#phase = new RawPhase(this, side, taps);
    for (const chunk of bytes) this.send(side, chunk);
    if (this.#hasClientEnded) side.end();
    this.release();
  }

  /** From now on requests are told apart. */
  becomeHttp(bytes?: Buffer): void {
    this.disarm();
    this.#phase = new HttpPhase(this);
    if (bytes) this.#phase.clientSent(bytes);
    if (this.#hasClientEnded) this.#phase.clientEnded();
  }

  /** From now on streams of HTTP/2 are told apart. */
  becomeHttp2({ bytes, hasPreface = false }: Http2Beginning = {}): void {
    this.disarm();
    this.#phase = new Http2Phase(this, hasPreface);
    if (bytes) this.#phase.clientSent(bytes);
    if (this.#hasClientEnded) this.#phase.clientEnded();
  }

  /** The client speaks HTTP/2, and an intercept of whole connections wants it if need be. */
  becomeUnproven(intercept: CompiledIntercept, bytes: Buffer): void {
    this.disarm();
    this.#phase = new UnprovenPhase(this, intercept, bytes);
    if (this.#hasClientEnded) this.#phase.clientEnded();
  }

  /** Ends the connection in good order, after a last word if there is one. */
  close(lastWords?: Buffer): void {
    this.disarm();
    this.#phase = new ClosingPhase();
    this.current = undefined;
    this.sides.finish();
    // The client has until then to close, counted from when it could have everything.
    const linger = (): void => this.arm(this.port.limits.lingerMs, () => this.client.destroy());
    if (lastWords) this.client.end(lastWords, linger);
    else this.client.end(linger);
    this.#blockedBy = undefined;
    this.release();
  }

  /**
   * Sends the client no more. Not before the other events of this turn of the loop were seen: often the client has ended
   * too, and then both sockets just close.
   */
  endClient(): void {
    setImmediate(endSocket, this.client);
  }

  /** Cuts the connection, so that the client sees a reset. */
  reset(): void {
    this.disarm();
    this.#phase = new ClosingPhase();
    cutSocket(this.client);
  }

  /** Other routes are in force. */
  routesChanged(): void {
    this.#taps?.keepOnly(this.port.routes);
    this.#phase.routesChanged();
  }

  /** Ends as soon as nothing is under way. */
  drain(): void {
    this.#phase.drain();
  }

  sideSent(side: Side, bytes: Buffer): void {
    this.#phase.sideSent(side, bytes);
  }

  sideReady(side: Side): void {
    if (this.#blockedBy === side) this.#unblock();
  }

  sideEnded(side: Side): void {
    this.#phase.sideEnded(side);
  }

  sideLost(side: Side, error: Error): void {
    this.#phase.sideLost(side, error);
  }

  #firstPhase(): Phase {
    const { routes } = this.port;
    if (routes.tcp) return new UndecidedPhase(this);
    return new HttpPhase(this);
  }

  #unblock(): void {
    this.#blockedBy = undefined;
    this.#resume();
  }

  #resume(): void {
    if (this.#blockedBy === undefined && !this.#isHeld) this.client.resume();
  }

  #closed(isReset: boolean): void {
    this.disarm();
    this.#phase = new ClosingPhase();
    this.#taps?.end();
    const { counters } = this.port;
    counters.bytesIn += this.client.bytesRead;
    counters.bytesOut += this.client.bytesWritten;
    // A side that still takes the client's last bytes closes by itself.
    if (isReset || !this.client.readableEnded) this.sides.abort();
    else this.sides.finish(this.current);
  }
}
