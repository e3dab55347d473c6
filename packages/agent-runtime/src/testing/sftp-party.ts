import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeSftpReply,
  encodeSftpRequest,
  SftpFrames,
  type SftpReply,
  type SftpRequest,
  sftpOpenFlags,
  sftpStatus,
} from '@fairlead/core';
import { AppTree } from '../files/app-tree.ts';
import { serveFiles } from '../files/serve-files.ts';
import type { ServedVolume } from '../files/served-volume.ts';
import { WorkSlots } from '../files/work-slots.ts';

type Asked = SftpRequest extends infer Each ? (Each extends { readonly id: number } ? Omit<Each, 'id'> : never) : never;

/** A client that says what it is told to, and volumes for it to look at, in a directory that is removed. */
export class SftpParty implements AsyncDisposable {
  /** Where volumes are made. */
  readonly directory: string;
  /** Where other clients find the server. */
  readonly socketPath: string;
  /** Resolves when the server is through with the first client. */
  readonly served: Promise<void>;
  readonly socket: Socket;
  readonly #close: () => Promise<void>;
  readonly #waiting = new Map<number, (reply: SftpReply) => void>();
  #ids = 0;

  private constructor(directory: string, socket: Socket, served: Promise<void>, close: () => Promise<void>) {
    this.directory = directory;
    this.socketPath = join(directory, 'socket');
    this.socket = socket;
    this.served = served;
    this.#close = close;
    const frames = new SftpFrames();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const packet of frames.take(chunk)) {
        const reply = decodeSftpReply(packet);
        const id = 'id' in reply ? reply.id : 0;
        this.#waiting.get(id)?.(reply);
        this.#waiting.delete(id);
      }
    });
  }

  /** Makes volumes, serves them, and says hello unless told otherwise. */
  static async start(
    make: (directory: string) => Promise<readonly ServedVolume[]>,
    { hello = true }: { readonly hello?: boolean } = {},
  ): Promise<SftpParty> {
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-sftp-'));
    const tree = new AppTree(await make(directory));
    const serving: Promise<void>[] = [];
    let first: (done: Promise<void>) => void = () => {};
    const served = new Promise<void>((resolve) => {
      first = resolve;
    });
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const done = serveFiles(socket, tree, new WorkSlots(3));
      serving.push(done);
      first(done);
    });
    server.listen(join(directory, 'socket'));
    await once(server, 'listening');
    const socket = connect(join(directory, 'socket'));
    const party = new SftpParty(directory, socket, served, async () => {
      socket.destroy();
      server.close();
      await Promise.all(serving);
      await rm(directory, { recursive: true });
    });
    if (hello) await party.hello();
    return party;
  }

  /** The server's first words. */
  async hello(): Promise<SftpReply> {
    const said = new Promise<SftpReply>((resolve) => this.#waiting.set(0, resolve));
    this.socket.write(encodeSftpRequest({ type: 'init', version: 3 }));
    return await said;
  }

  /** Asks, and waits for the answer. */
  async ask(request: Asked): Promise<SftpReply> {
    const id = ++this.#ids;
    const said = new Promise<SftpReply>((resolve) => this.#waiting.set(id, resolve));
    this.socket.write(encodeSftpRequest({ ...request, id } as SftpRequest));
    return await said;
  }

  /** A handle of a file, or the answer that there is none. */
  async open(path: string, flags: number = sftpOpenFlags.read): Promise<string | SftpReply> {
    const reply = await this.ask({ type: 'open', path, flags, attributes: {} });
    return reply.type === 'handle' ? reply.handle : reply;
  }

  /** The text of a file, or the status with which it is not to be had. */
  async read(path: string): Promise<string> {
    const handle = await this.open(path);
    if (typeof handle !== 'string') return describeStatus(handle);
    const reply = await this.ask({ type: 'read', handle, offset: 0, length: 1000 });
    await this.ask({ type: 'close', handle });
    return reply.type === 'data' ? Buffer.from(reply.bytes).toString() : describeStatus(reply);
  }

  /** The names in a directory, sorted, or the status with which they are not to be had. */
  async list(path: string): Promise<readonly string[] | string> {
    const opened = await this.ask({ type: 'opendir', path });
    if (opened.type !== 'handle') return describeStatus(opened);
    const names: string[] = [];
    for (;;) {
      const page = await this.ask({ type: 'readdir', handle: opened.handle });
      if (page.type !== 'names') break;
      names.push(...page.entries.map(({ name }) => name));
    }
    await this.ask({ type: 'close', handle: opened.handle });
    return names.sort();
  }

  /** How a request went. */
  async status(request: Asked): Promise<string> {
    return describeStatus(await this.ask(request));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** The name of a status, or the kind of another answer. */
export function describeStatus(reply: SftpReply): string {
  if (reply.type !== 'status') return reply.type;
  return Object.entries(sftpStatus).find(([, code]) => code === reply.code)?.[0] ?? String(reply.code);
}
