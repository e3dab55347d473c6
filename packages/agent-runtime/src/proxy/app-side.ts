import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { DuplexOptions } from 'node:stream';
import type { BufferPool } from '@fairlead/tunnel';
import type { AppAddress } from './app-address.ts';
import { cutSocket } from './cut-socket.ts';
import { endSocket } from './end-socket.ts';
import type { Side, SideOwner } from './side.ts';

/** Reads of at least this many bytes are passed on by reference; smaller ones go through the socket at once. */
const lendFromBytes = 16_384;

/** The connection to the app that belongs to one client connection. */
export class AppSide implements Side {
  readonly isApp = true;
  readonly interceptId = undefined;
  readonly #owner: SideOwner;
  readonly #address: AppAddress;
  /** The hosts to try, in order. */
  readonly #hosts: readonly string[];
  readonly #pool: BufferPool;
  #socket: Socket;
  #buffer: Buffer | undefined;
  #isConnected = false;
  #isOver = false;
  #hasEnded = false;
  /** What was sent before the app was reached. */
  #early: Buffer[] = [];

  /** Starts to connect; {@link SideOwner.sideReady} tells when the app is there. */
  constructor(owner: SideOwner, address: AppAddress, pool: BufferPool) {
    this.#owner = owner;
    this.#address = address;
    this.#hosts = address.hosts;
    this.#pool = pool;
    this.#socket = this.#connect(0);
  }

  /** The app was reached. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  write(bytes: Buffer): boolean {
    if (this.#isConnected) return this.#socket.write(bytes);
    this.#early.push(bytes);
    return false;
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#isConnected) endSocket(this.#socket);
  }

  deliver(bytes: Buffer): void {
    const { client } = this.#owner;
    if (!client.writable) return;
    const buffer = this.#buffer;
    if (!buffer) return;
    if (bytes.length >= lendFromBytes) {
      this.#buffer = undefined;
      client.write(bytes, () => this.#pool.give(buffer));
    } else if (client.writableLength > 0) {
      client.write(Buffer.from(bytes));
    } else {
      client.write(bytes);
      // Nothing waits: the kernel has the bytes, and the buffer is free. Else the stream needs it; the next read gets another.
      if (client.writableLength > 0) this.#buffer = undefined;
    }
  }

  resume(): void {
    if (this.#isConnected) this.#socket.resume();
  }

  finish(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  abort(): void {
    this.#isOver = true;
    cutSocket(this.#socket);
  }

  #connect(attempt: number): Socket {
    const options: NetConnectOpts & DuplexOptions = {
      host: this.#hosts[attempt] as string,
      port: this.#address.port,
      allowHalfOpen: true,
      noDelay: true,
      autoSelectFamily: false,
      onread: { buffer: this.#nextBuffer, callback: this.#read },
      // What a socket decides by itself. Named here, since the engine is ten times as fast when nothing is added later.
      emitClose: false,
      autoDestroy: true,
      decodeStrings: false,
    };
    const socket = connect(options);
    socket.on('connect', () => this.#connected(attempt));
    socket.on('drain', () => this.#owner.sideReady(this));
    socket.on('end', () => {
      if (!this.#isOver) this.#owner.sideEnded(this);
    });
    socket.on('error', (error) => this.#failed(error, attempt));
    socket.on('close', () => this.#closed(socket));
    return socket;
  }

  readonly #nextBuffer = (): Buffer => {
    this.#buffer ??= this.#pool.take();
    return this.#buffer;
  };

  readonly #read = (length: number, buffer: Uint8Array): boolean => {
    if (this.#isOver) return true;
    this.#owner.sideSent(this, (buffer as Buffer).subarray(0, length));
    return !this.#owner.client.writableNeedDrain;
  };

  /** A socket that was given up for another attempt shares the buffer with its successor. */
  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    if (this.#buffer) this.#pool.give(this.#buffer);
    this.#buffer = undefined;
  }

  #connected(attempt: number): void {
    if (attempt > 0) this.#address.prefer(this.#hosts[attempt] as string);
    this.#isConnected = true;
    for (const bytes of this.#early) this.#socket.write(bytes);
    this.#early = [];
    if (this.#hasEnded) this.#socket.end();
    if (!this.#socket.writableNeedDrain) this.#owner.sideReady(this);
  }

  #failed(error: NodeJS.ErrnoException, attempt: number): void {
    if (this.#isOver) return;
    if (!this.#isConnected && attempt + 1 < this.#hosts.length) {
      this.#socket = this.#connect(attempt + 1);
      return;
    }
    this.#isOver = true;
    this.#owner.sideLost(this, error);
  }
}
