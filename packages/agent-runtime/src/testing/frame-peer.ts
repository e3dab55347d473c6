import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeHeaders, HeaderDecoder, type HeaderField } from '@fairlead/tunnel';
import { dataFrames, frameType, headersFrames, settings } from '../http2/frame.ts';
import { FrameReader } from '../http2/frame-reader.ts';
import { preface } from '../http2/preface.ts';
import { RawParty } from './http-party.ts';
import { until } from './until.ts';

/** A frame as it came; data that came in parts is several. */
export interface GotFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
  readonly priority: Buffer | undefined;
  /** Of a header block. */
  readonly fields: Readonly<Record<string, string>>;
}

/** One end of a connection of HTTP/2 that says, frame by frame, what a test wants. */
export class FramePeer implements Disposable {
  readonly socket: Socket;
  readonly frames: GotFrame[] = [];
  /** The connection was closed by the other end. */
  isClosed = false;
  readonly #reader = new FrameReader();
  readonly #decoder = new HeaderDecoder();
  #toSkip: number;

  private constructor(socket: Socket, toSkip: number) {
    this.socket = socket;
    this.#toSkip = toSkip;
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('end', () => {
      this.isClosed = true;
    });
  }

  /** The client's end; it has sent the preface and these settings. */
  static async connect(port: number, ...pairs: readonly (readonly [number, number])[]): Promise<FramePeer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const peer = new FramePeer(socket, 0);
    peer.send(Buffer.concat([preface, settings(...pairs)]));
    return peer;
  }

  /** The server's end; it has sent these settings. */
  static serve(socket: Socket, ...pairs: readonly (readonly [number, number])[]): FramePeer {
    const peer = new FramePeer(socket, preface.length);
    peer.send(settings(...pairs));
    return peer;
  }

  /** Sends bytes as they are. */
  send(...frames: readonly Buffer[]): this {
    this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** Sends the head of a request, of an answer, or trailers. */
  head(id: number, fields: Readonly<Record<string, string>>, isLast = true): this {
    return this.send(headersFrames(id, blockOf(fields), isLast));
  }

  /** Sends a request, which ends with it. */
  ask(id: number, path: string, more: Readonly<Record<string, string>> = {}, isLast = true): this {
    return this.head(id, { ...request(path), ...more }, isLast);
  }

  /** Sends the answer with that status and body. */
  answer(id: number, body: string | Buffer, isLast = true): this {
    this.head(id, { ':status': '200' }, false);
    return this.send(dataFrames(id, Buffer.from(body), isLast));
  }

  /** The frames of a kind, and of a stream, that came. */
  got(type: keyof typeof frameType, id?: number): GotFrame[] {
    return this.frames.filter((each) => each.type === frameType[type] && (id === undefined || each.id === id));
  }

  /** The data of a stream that came. */
  data(id: number): Buffer {
    return Buffer.concat(this.got('data', id).map(({ payload }) => payload));
  }

  /** Waits for a frame of a kind. */
  async frame(type: keyof typeof frameType, id?: number): Promise<GotFrame> {
    await until(() => this.got(type, id).length > 0, `a ${type} frame of ${id ?? 'any stream'}`);
    return this.got(type, id)[0] as GotFrame;
  }

  /** Waits for so much data of a stream. */
  async bytes(id: number, length: number): Promise<Buffer> {
    await until(() => this.data(id).length >= length, `${length} bytes of stream ${id}, got ${this.data(id).length}`);
    return this.data(id);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    const skipped = Math.min(this.#toSkip, bytes.length);
    this.#toSkip -= skipped;
    const reader = this.#reader;
    reader.push(bytes.subarray(skipped));
    while (reader.next()) {
      const { type, flags, id } = reader;
      const isBlock = type === frameType.headers;
      const fields = isBlock ? this.#read(reader.block()) : [];
      this.frames.push({
        type,
        flags,
        id,
        payload: isBlock ? Buffer.alloc(0) : Buffer.from(reader.payload()),
        priority: isBlock ? reader.priority() : undefined,
        fields: Object.fromEntries(fields.map(({ name, value }) => [name, value])),
      });
    }
  }

  /** What cannot be decoded has no fields. */
  #read(block: Buffer): readonly HeaderField[] {
    try {
      return this.#decoder.read(block);
    } catch {
      return [];
    }
  }
}

/** A server that a test plays frame by frame. */
export class FrameParty implements AsyncDisposable {
  readonly port: number;
  readonly peers: FramePeer[];
  readonly #party: RawParty;

  private constructor(party: RawParty, peers: FramePeer[]) {
    this.#party = party;
    this.port = party.port;
    this.peers = peers;
  }

  /** Starts one that says these settings at once. */
  static async start(...pairs: readonly (readonly [number, number])[]): Promise<FrameParty> {
    const peers: FramePeer[] = [];
    return new FrameParty(await RawParty.start((socket) => peers.push(FramePeer.serve(socket, ...pairs))), peers);
  }

  /** The connection of that number. */
  async peer(at = 0): Promise<FramePeer> {
    await until(() => this.peers.length > at, `connection ${at}`);
    return this.peers[at] as FramePeer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#party[Symbol.asyncDispose]();
  }
}

/** The fields that every request has. */
export function request(path: string): Record<string, string> {
  return { ':method': 'GET', ':scheme': 'http', ':path': path, ':authority': 'shop' };
}

/** A header block that needs no table. */
export function blockOf(fields: Readonly<Record<string, string>>): Buffer {
  return encodeHeaders(Object.entries(fields).map(([name, value]) => ({ name, value, isSecret: false })));
}
