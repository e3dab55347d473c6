import { HeaderDecoder } from '@fairlead/tunnel';
import type { PhaseHost } from '../proxy/phase.ts';
import type { Side } from '../proxy/side.ts';
import type { AppStreams } from './app-streams.ts';
import type { ClientOutput } from './client-output.ts';
import type { ClientWindow } from './client-window.ts';
import type { DivertedStreams } from './diverted-streams.ts';
import { ack, endStream, errorCode, frame, frameType, mostWindow, rstStream, setting } from './frame.ts';
import { BadFrame, FrameReader } from './frame-reader.ts';
import { HeldFrames } from './held-frames.ts';
import type { TappedStreams } from './tapped-streams.ts';

/** What {@link AppFrames} work with. */
export interface AppFramesParts {
  readonly host: PhaseHost;
  readonly window: ClientWindow;
  readonly output: ClientOutput;
  readonly diverted: DivertedStreams;
  readonly ofApp: AppStreams;
  readonly tapped: TappedStreams;
  /** The app allows a header table of this size. */
  readonly onTable: (bytes: number) => void;
  /** The app leaves: it looked at no stream after this one, and the client was told so. */
  readonly onLeaving: (last: number) => void;
  /** A stream of the app is over. */
  readonly onOver: () => void;
}

/**
 * The app's frames on their way to the client: as they are, but for the one that says which streams it has seen. While
 * the client takes less than the app believes, as diverted data is on its way, the app's data waits.
 */
export class AppFrames {
  readonly #parts: AppFramesParts;
  readonly #frames = new FrameReader();
  readonly #held = new HeldFrames();
  /** Undefined: the blocks cannot be read any more. */
  #decoder: HeaderDecoder | undefined = new HeaderDecoder();
  #hasSettings = false;
  /** The frame whose parts come waits. */
  #isHolding = false;
  /** What of the bytes being read goes to the client begins here. */
  #from = 0;

  constructor(parts: AppFramesParts) {
    this.#parts = parts;
  }

  /** Reads what the app sent. Throws when it is not HTTP/2. */
  take(side: Side, bytes: Buffer): void {
    const { output } = this.#parts;
    const frames = this.#frames;
    frames.push(bytes);
    this.#from = 0;
    while (frames.next()) this.#takeFrame();
    const isLent = frames.data === bytes;
    if (isLent && this.#from === 0) {
      if (frames.start > 0) side.deliver(frames.start === bytes.length ? bytes : bytes.subarray(0, frames.start));
      this.#from = frames.start;
    } else {
      this.#pass(frames.start);
    }
    output.isWithinFrame = frames.left > 0 && !this.#isHolding;
    output.flush();
  }

  /** What came and was not passed on. */
  unsent(): Buffer {
    const { data, start } = this.#frames;
    return this.#from < start ? data.subarray(this.#from) : this.#frames.unread();
  }

  /** The client allows the app a header table of this size. */
  allowTable(bytes: number): void {
    this.#read((decoder) => decoder.allow(bytes));
  }

  /** The client takes more: what waits goes on. */
  pump(): void {
    const { window, output } = this.#parts;
    while (!this.#held.isEmpty) {
      const next = this.#held.next(window.lent === 0 ? Number.MAX_SAFE_INTEGER : window.size);
      if (!next) return;
      window.appSent(next.window);
      output.write(next.bytes);
    }
  }

  #takeFrame(): void {
    const { type, flags, hasHead, length } = this.#frames;
    const { window, output } = this.#parts;
    if (!this.#hasSettings) {
      if (type !== frameType.settings || flags & ack) throw new BadFrame('the app does not speak HTTP/2');
      this.#hasSettings = true;
    }
    this.#look();
    if (hasHead) this.#isHolding = this.#mustWait(type, length);
    if (this.#isHolding) {
      this.#remove();
      this.#held.add(this.#frames);
      this.pump();
      // What comes behind goes at once, and must not be earlier.
      output.isWithinFrame = false;
      output.flush();
      return;
    }
    if (type === frameType.data && hasHead) window.appSent(length);
    else if (type === frameType.goAway) this.#takeGoAway();
  }

  /** Frames that keep their order wait behind others; data waits for window that was lent. */
  #mustWait(type: number, length: number): boolean {
    const { window } = this.#parts;
    if (!this.#held.isEmpty) return !overtaking.has(type);
    return type === frameType.data && window.lent > 0 && length > window.size;
  }

  /** Takes note of what the frame says. */
  #look(): void {
    const { type, id, flags, left } = this.#frames;
    switch (type) {
      case frameType.data:
        this.#tapData();
        if (flags & endStream && left === 0) this.#over(id);
        return;
      case frameType.headers:
      case frameType.pushPromise:
        this.#takeBlock();
        return;
      case frameType.rstStream:
        this.#parts.tapped.reset('response', this.#parts.tapped.ofApp(id), id, this.#number());
        this.#over(id);
        return;
      case frameType.settings:
        if ((flags & ack) === 0) this.#takeSettings(this.#frames.payload());
    }
  }

  #tapData(): void {
    const { id, flags, left } = this.#frames;
    const { tapped } = this.#parts;
    const sinks = tapped.ofApp(id);
    if (sinks) tapped.data('response', sinks, id, this.#frames.payload(), (flags & endStream) !== 0 && left === 0);
  }

  #takeBlock(): void {
    const { type, id, flags } = this.#frames;
    const { tapped } = this.#parts;
    const sinks = type === frameType.headers ? tapped.ofApp(id) : undefined;
    const isLast = type === frameType.headers && (flags & endStream) !== 0;
    this.#read((decoder) => {
      if (sinks) tapped.fields('response', sinks, id, decoder.read(this.#frames.block()), isLast);
      else decoder.follow(this.#frames.block());
    });
    if (isLast) this.#over(id);
  }

  /** Only wiretaps need to understand the app's fields: what cannot be read is still passed on. */
  #read(how: (decoder: HeaderDecoder) => void): void {
    if (!this.#decoder) return;
    try {
      how(this.#decoder);
    } catch {
      this.#decoder = undefined;
    }
  }

  #over(id: number): void {
    const { ofApp, tapped, onOver } = this.#parts;
    tapped.forgetApp(id);
    ofApp.end(id);
    onOver();
  }

  #takeSettings(payload: Buffer): void {
    const { diverted, onTable } = this.#parts;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const id = payload.readUInt16BE(at);
      if (id === setting.headerTableSize) onTable(value);
      if (id === setting.initialWindowSize) diverted.windowOfApp = value;
    }
  }

  /** The client must not take diverted streams for streams that nobody has seen, nor the app's for seen ones. */
  #takeGoAway(): void {
    const { diverted, ofApp, output, onLeaving } = this.#parts;
    const last = this.#number() & mostWindow;
    const raised = Math.max(last, diverted.highest);
    onLeaving(raised);
    if (raised === last) return;
    const payload = Buffer.from(this.#frames.payload());
    payload.writeUInt32BE(raised, 0);
    this.#remove();
    output.write(frame(frameType.goAway, 0, 0, payload));
    for (const id of ofApp.after(last)) {
      if (id > raised) continue;
      output.write(rstStream(id, errorCode.refusedStream));
      this.#over(id);
    }
  }

  #number(): number {
    const payload = this.#frames.payload();
    if (payload.length < 4) throw new BadFrame('a frame of the wrong length');
    return payload.readUInt32BE(0);
  }

  /** The client does not get the piece that was read. */
  #remove(): void {
    const { start, end } = this.#frames;
    this.#pass(start);
    this.#from = end;
  }

  /** The client gets what was read up to there. The bytes are lent, so they are copied. */
  #pass(to: number): void {
    const from = this.#from;
    if (to <= from) return;
    this.#from = to;
    const { host } = this.#parts;
    if (host.client.writable) host.client.write(Buffer.from(this.#frames.data.subarray(from, to)));
  }
}

/** What may pass frames that wait: it belongs to no stream's answer. */
const overtaking: ReadonlySet<number> = new Set([
  frameType.settings,
  frameType.ping,
  frameType.goAway,
  frameType.windowUpdate,
]);
