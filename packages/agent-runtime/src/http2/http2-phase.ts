import { BadHeaderBlock } from '@fairlead/tunnel';
import type { Phase, PhaseHost } from '../proxy/phase.ts';
import type { Side } from '../proxy/side.ts';
import { AppFrames } from './app-frames.ts';
import { AppStreams } from './app-streams.ts';
import { ClientFrames } from './client-frames.ts';
import { ClientOutput } from './client-output.ts';
import { ClientWindow } from './client-window.ts';
import { DivertedStreams } from './diverted-streams.ts';
import { errorCode, goAway, mostWindow, rstStream, settings } from './frame.ts';
import { BadFrame } from './frame-reader.ts';
import { mayBePreface, mayBeServerPreface, preface } from './preface.ts';
import { TappedStreams } from './tapped-streams.ts';

/** How often a client that sends no more is asked whether it is there, in milliseconds: at first, and at last. */
const firstAskMs = 50;
const mostAskMs = 5_000;

/**
 * The client speaks HTTP/2 and knows that the app does. Each stream goes to the app, on a connection that carries the
 * client's own frames, or to the holder of the intercept that wants it.
 */
export class Http2Phase implements Phase {
  readonly #host: PhaseHost;
  readonly #hasPreface: boolean;
  readonly #window = new ClientWindow();
  readonly #ofApp = new AppStreams();
  readonly #output: ClientOutput;
  readonly #diverted: DivertedStreams;
  readonly #requests: ClientFrames;
  readonly #answers: AppFrames;
  /** What came of the preface; undefined when it is complete. */
  #early: Buffer | undefined = Buffer.alloc(0);
  #isDraining = false;
  #hasAppSpoken = false;
  #hasAppEnded = false;

  /** The app may have the preface already. */
  constructor(host: PhaseHost, hasPreface: boolean) {
    this.#host = host;
    this.#hasPreface = hasPreface;
    const { client } = host;
    const window = this.#window;
    const ofApp = this.#ofApp;
    const tapped = new TappedStreams(host);
    const onOver = (): void => this.#settle();
    const output = new ClientOutput(client, () => diverted.pause());
    const diverted = new DivertedStreams({ host, window, output, tapped, onOver });
    const answers = new AppFrames({
      host,
      window,
      output,
      diverted,
      ofApp,
      tapped,
      onOver,
      onTable: (bytes) => this.#requests.allowTable(bytes),
      onLeaving: (last) => {
        this.#requests.lastWanted = last;
      },
    });
    // A server's settings come before everything else.
    output.isWithinFrame = true;
    this.#output = output;
    this.#diverted = diverted;
    this.#answers = answers;
    this.#requests = new ClientFrames({ host, window, diverted, ofApp, answers, tapped, onOver });
    client.on('drain', () => diverted.resume());
    // Before the copies of the connection end.
    client.prependOnceListener('close', () => diverted.end(client.errored !== null));
  }

  /** The intercepts whose holders answer something at present. */
  get divertedTo(): readonly string[] {
    return this.#diverted.intercepts;
  }

  clientSent(bytes: Buffer): void {
    if (this.#early) this.#takePreface(this.#early.length > 0 ? Buffer.concat([this.#early, bytes]) : bytes);
    else this.#take(bytes);
  }

  clientEnded(): void {
    if (this.#early) {
      this.#giveUp();
      return;
    }
    this.#diverted.noMoreRequests();
    this.#stillThere(firstAskMs);
    this.#host.current?.end();
  }

  sideSent(side: Side, bytes: Buffer): void {
    if (this.#early && !this.#hasAppSpoken && !mayBeServerPreface(bytes)) {
      side.deliver(bytes);
      this.#host.becomeRaw(side, [this.#early]);
      return;
    }
    this.#hasAppSpoken = true;
    try {
      this.#answers.take(side, bytes);
    } catch (error) {
      this.#unclear(error);
    }
  }

  sideEnded(side: Side): void {
    const host = this.#host;
    this.#hasAppEnded = true;
    // An app that closes because the client has closed its side leaves those alone who have yet to answer.
    const mayGoOn = this.#ofApp.size === 0 || (host.hasClientEnded && !this.#output.isWithinFrame);
    if (this.#diverted.size > 0 && mayGoOn) {
      this.#leave(goAway(this.#requests.highest, errorCode.noError));
      for (const id of this.#ofApp.after(0)) {
        this.#ofApp.end(id);
        this.#output.write(rstStream(id, errorCode.internalError));
      }
      return;
    }
    this.#output.flush();
    host.client.end();
    host.becomeRaw(side, []);
  }

  sideLost(side: Side): void {
    const host = this.#host;
    host.forget(side);
    side.abort();
    host.reset();
  }

  routesChanged(): void {
    this.#diverted.retire();
  }

  /** New streams are still served: the client learns of the end before it comes. */
  drain(): void {
    if (this.#early) {
      this.#host.close();
      return;
    }
    this.#isDraining = true;
    this.#output.write(goAway(mostWindow, errorCode.noError));
    this.#settle();
  }

  /**
   * Asks a client that sends no more whether it takes answers: who has gone replies to what is sent with a reset, which the
   * next word runs into. GOAWAY is true, and wants no reply.
   */
  #stillThere(askMs: number): void {
    const host = this.#host;
    if (host.phase !== this || this.#diverted.size === 0) return;
    this.#output.write(goAway(this.#requests.highest, errorCode.noError));
    host.arm(askMs, () => this.#stillThere(Math.min(askMs * 2, mostAskMs)));
  }

  #takePreface(bytes: Buffer): void {
    const host = this.#host;
    this.#early = bytes;
    if (!mayBePreface(bytes)) {
      if (this.#hasAppSpoken) this.#giveUp();
      else host.becomeHttp(bytes);
      return;
    }
    if (bytes.length < preface.length) {
      host.arm(host.port.limits.sniffTimeoutMs, () => this.#giveUp());
      return;
    }
    this.#early = undefined;
    host.disarm();
    host.current = host.sides.app();
    if (!this.#hasPreface) host.send(host.current, bytes.subarray(0, preface.length));
    if (bytes.length > preface.length) this.#take(bytes.subarray(preface.length));
  }

  #take(bytes: Buffer): void {
    try {
      this.#requests.take(bytes);
    } catch (error) {
      this.#unclear(error);
    }
  }

  /** What began like the preface and did not go on is for the app to understand. */
  #giveUp(): void {
    const host = this.#host;
    host.becomeRaw(host.sides.app(), this.#early ? [this.#early] : []);
  }

  /** The app gets what cannot be read as it is, as long as it got everything before. */
  #unclear(error: unknown): void {
    const host = this.#host;
    if (!(error instanceof BadFrame) && !(error instanceof BadHeaderBlock)) throw error;
    if (this.#requests.isRouted) {
      const code = error instanceof BadFrame ? errorCode.protocolError : errorCode.compressionError;
      this.#leave(goAway(this.#requests.highest, code));
      this.#output.flush();
      host.close();
      return;
    }
    const answer = this.#answers.unsent();
    if (answer.length > 0 && host.client.writable) host.client.write(Buffer.from(answer));
    host.becomeRaw(host.current ?? host.sides.app(), [this.#early ?? this.#requests.unsent()]);
  }

  #leave(words: Buffer): void {
    this.#output.isWithinFrame = false;
    if (!this.#hasAppSpoken) this.#output.write(settings());
    this.#requests.lastWanted = this.#requests.highest;
    this.#output.write(words);
  }

  /** Ends the connection when nothing is under way on it and it has to end. */
  #settle(): void {
    const host = this.#host;
    if (!(this.#isDraining || this.#hasAppEnded) || this.#diverted.size > 0 || host.phase !== this) return;
    if (this.#ofApp.size > 0 && !this.#hasAppEnded) return;
    // What comes in this turn goes first.
    queueMicrotask(() => {
      if (host.phase !== this) return;
      this.#leave(goAway(this.#requests.highest, errorCode.noError));
      this.#output.flush();
      host.close();
    });
  }
}
