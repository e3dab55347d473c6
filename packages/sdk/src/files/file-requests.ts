import { FairleadError, sftpOpenFlags, sftpStatus } from '@fairlead/core';
import { fileError } from './file-error.ts';
import { entryOf, type FileEntry, type FileStats, statsOf } from './file-stats.ts';
import type { SftpClient } from './sftp-client.ts';

/** Bytes of one request, and how many are under way: enough for a fast line with a long way. */
const chunkBytes = 64 * 1024;
const readAhead = 32;
const writeAhead = 16;

/** What is under a path. */
export async function stat(client: SftpClient, path: string, type: 'stat' | 'lstat'): Promise<FileStats> {
  const reply = await client.ask({ type, path });
  if (reply.type !== 'attributes') throw fileError(reply, path);
  return statsOf(reply.attributes);
}

/** What a link says. */
export async function readLink(client: SftpClient, path: string): Promise<string> {
  const reply = await client.ask({ type: 'readlink', path });
  if (reply.type !== 'names' || !reply.entries[0]) throw fileError(reply, path);
  return reply.entries[0].name;
}

/** The entries of a directory, page by page. */
export async function* listPages(client: SftpClient, path: string): AsyncGenerator<readonly FileEntry[], void> {
  const opened = await client.ask({ type: 'opendir', path });
  if (opened.type !== 'handle') throw fileError(opened, path);
  const { handle } = opened;
  try {
    for (;;) {
      const page = await client.ask({ type: 'readdir', handle });
      if (page.type === 'status' && page.code === sftpStatus.endOfFile) return;
      if (page.type !== 'names') throw fileError(page, path);
      yield page.entries.filter(({ name }) => name !== '.' && name !== '..').map(entryOf);
    }
  } finally {
    closeLater(client, handle);
  }
}

/** The bytes of a file from `start` to `end`, both included, read ahead of who takes them. */
export async function* readChunks(
  client: SftpClient,
  path: string,
  { start = 0, end = Number.POSITIVE_INFINITY }: { readonly start?: number; readonly end?: number } = {},
): AsyncGenerator<Uint8Array, void> {
  const handle = await openFile(client, path, sftpOpenFlags.read);
  const ahead: Promise<Uint8Array>[] = [];
  let next = start;
  try {
    for (;;) {
      while (ahead.length < readAhead && next <= end) {
        const length = Math.min(chunkBytes, end - next + 1);
        const chunk = readWhole(client, handle, path, next, length);
        // Whoever takes it hears of it; when nobody does any more, nobody need.
        chunk.catch(() => {});
        ahead.push(chunk);
        next += length;
      }
      const bytes = await ahead.shift();
      if (!bytes || bytes.length === 0) return;
      yield bytes;
      if (bytes.length < chunkBytes) return;
    }
  } finally {
    closeLater(client, handle);
  }
}

/** Writes a file in pieces. */
export class FileWriter {
  readonly #client: SftpClient;
  readonly #path: string;
  readonly #handle: string;
  readonly #underWay = new Set<Promise<void>>();
  #offset: number;
  #error: FairleadError | undefined;

  private constructor(client: SftpClient, path: string, handle: string, offset: number) {
    this.#client = client;
    this.#path = path;
    this.#handle = handle;
    this.#offset = offset;
  }

  /** Opens a file: emptied, or to be appended to. */
  static async open(client: SftpClient, path: string, isAppending: boolean, mode: number): Promise<FileWriter> {
    const { write, create, truncate, append } = sftpOpenFlags;
    const flags = write | create | (isAppending ? append : truncate);
    return new FileWriter(client, path, await openFile(client, path, flags, mode), 0);
  }

  /** Resolves when more may come; what fails is told then or later. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      while (this.#underWay.size >= writeAhead) await Promise.race(this.#underWay);
      if (this.#error) throw this.#error;
      const piece = bytes.subarray(at, at + chunkBytes);
      const written = this.#writePiece(piece, this.#offset).catch((error: unknown) => {
        this.#error ??= FairleadError.from(error);
      });
      const settled = written.finally(() => this.#underWay.delete(settled));
      this.#underWay.add(settled);
      this.#offset += piece.length;
    }
  }

  /** Resolves when everything is written. */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#error) {
      this.abandon();
      throw this.#error;
    }
    const reply = await this.#client.ask({ type: 'close', handle: this.#handle });
    if (reply.type !== 'status' || reply.code !== sftpStatus.ok) throw fileError(reply, this.#path);
  }

  /** Writes no more. */
  abandon(): void {
    closeLater(this.#client, this.#handle);
  }

  async #writePiece(bytes: Uint8Array, offset: number): Promise<void> {
    const reply = await this.#client.ask({ type: 'write', handle: this.#handle, offset, bytes });
    if (reply.type !== 'status' || reply.code !== sftpStatus.ok) throw fileError(reply, this.#path);
  }
}

async function openFile(client: SftpClient, path: string, flags: number, mode?: number): Promise<string> {
  const attributes = mode === undefined ? {} : { mode };
  const reply = await client.ask({ type: 'open', path, flags, attributes });
  if (reply.type !== 'handle') throw fileError(reply, path);
  return reply.handle;
}

/** So many bytes, fewer only at the end of the file. Servers may give less than they are asked for. */
async function readWhole(
  client: SftpClient,
  handle: string,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let have = 0; have < length; ) {
    const reply = await client.ask({ type: 'read', handle, offset: offset + have, length: length - have });
    if (reply.type === 'status' && reply.code === sftpStatus.endOfFile) break;
    if (reply.type !== 'data') throw fileError(reply, path);
    const { bytes } = reply;
    if (bytes.length === 0 || bytes.length > length - have) {
      throw new FairleadError('internal', `${path}: the agent answered ${bytes.length} bytes`, { phase: 'serve' });
    }
    if (bytes.length === length) return bytes;
    pieces.push(bytes);
    have += bytes.length;
  }
  return Buffer.concat(pieces);
}

/** Nobody waits for it: a connection that is gone has closed it as well. */
function closeLater(client: SftpClient, handle: string): void {
  client.ask({ type: 'close', handle }).catch(() => {});
}
