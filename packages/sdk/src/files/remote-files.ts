import { Readable, Writable } from 'node:stream';
import { abortable, type CallOptions, FairleadError } from '@fairlead/core';
import { attachFiles, type FilesAccess } from './attach-files.ts';
import { FileWriter, listPages, readChunks, readLink, stat } from './file-requests.ts';
import type { FileEntry, FileStats } from './file-stats.ts';
import type { ReadDirectoryOptions, ReadFileOptions, ReadStreamOptions, WriteOptions } from './files-options.ts';
import { SftpClient } from './sftp-client.ts';

/** A volume of the app's container, and what may be done with it. */
export interface SharedVolume {
  /** Where the container mounts it. */
  readonly path: string;
  /** `local` and `withheld` stay in the pod; the latter has Secrets that no mount policy shares. */
  readonly access: 'read-only' | 'read-write' | 'local' | 'withheld';
}

/** How long a replica may take to be there, in milliseconds. */
const attachMs = 10_000;
/** How often something is begun anew because the replica that was asked went away. */
const maxRestarts = 3;
const defaultMode = 0o644;
const defaults = { maxBytes: 256 * 1024 * 1024, limit: 10_000 };

/**
 * The files of the volumes of an intercepted container, at the paths where its app sees them. Everything is asked through the
 * tunnel when it is wanted; when a replica goes away, another one is asked. Fails with `no-such-file`, `file-refused`,
 * `file-failed`, `timeout` when no replica is there, `closed`, or the signal's reason.
 */
export class RemoteFiles {
  readonly #access: FilesAccess;
  #client: Promise<SftpClient> | undefined;

  /** @internal Made by `intercept.files`. */
  constructor(access: FilesAccess) {
    this.#access = access;
  }

  /** The whole of a file. */
  readFile(path: string, options?: ReadFileOptions & { readonly encoding?: undefined }): Promise<Buffer>;
  readFile(
    path: string,
    options: BufferEncoding | (ReadFileOptions & { readonly encoding: BufferEncoding }),
  ): Promise<string>;
  async readFile(path: string, options: BufferEncoding | ReadFileOptions = {}): Promise<Buffer | string> {
    const {
      encoding,
      maxBytes = defaults.maxBytes,
      signal,
    } = typeof options === 'string' ? { encoding: options } : options;
    const bytes = await this.#again(signal, async (client) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of readChunks(client, path)) {
        signal?.throwIfAborted();
        length += chunk.length;
        if (length > maxBytes) throw tooMuch(`${path} has more than ${maxBytes} bytes`, 'createReadStream()');
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    });
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }

  /** The entries of a directory, sorted by name. */
  async readdir(
    path: string,
    { limit = defaults.limit, signal }: ReadDirectoryOptions = {},
  ): Promise<readonly FileEntry[]> {
    const entries = await this.#again(signal, async (client) => {
      const found: FileEntry[] = [];
      for await (const page of listPages(client, path)) {
        signal?.throwIfAborted();
        found.push(...page);
        if (found.length > limit) throw tooMuch(`${path} has more than ${limit} entries`, 'entries()');
      }
      return found;
    });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The entries of a directory as they come, however many. When its replica goes away, it ends with `connection-lost`. */
  async *entries(path: string, { signal }: CallOptions = {}): AsyncGenerator<FileEntry, void, undefined> {
    const client = await abortable(this.#attached(), { ...(signal && { signal }) });
    for await (const page of listPages(client, path)) {
      signal?.throwIfAborted();
      yield* page;
    }
  }

  /** What is under a path, links followed. */
  async stat(path: string, { signal }: CallOptions = {}): Promise<FileStats> {
    return await this.#again(signal, (client) => stat(client, path, 'stat'));
  }

  /** What is under a path; a link itself. */
  async lstat(path: string, { signal }: CallOptions = {}): Promise<FileStats> {
    return await this.#again(signal, (client) => stat(client, path, 'lstat'));
  }

  /** Where a link leads to, in its own words. */
  async readlink(path: string, { signal }: CallOptions = {}): Promise<string> {
    return await this.#again(signal, (client) => readLink(client, path));
  }

  /**
   * The bytes of a file as they come. When its replica goes away in the middle it fails with `connection-lost`: what another
   * one has under this path may be something else.
   */
  createReadStream(path: string, { start, end, signal }: ReadStreamOptions = {}): Readable {
    const range = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
    return Readable.from(this.#chunks(path, range, signal), { objectMode: false, ...(signal && { signal }) });
  }

  /** Writes the whole of a file. Only where the volume is shared read-write; never repeated once it has begun. */
  async writeFile(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { signal, flag = 'w', mode = defaultMode } = options;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    await abortable(this.#write(path, bytes, flag, mode), { ...(signal && { signal }) });
  }

  /** Takes the bytes of a file as they come. As {@link writeFile}. */
  createWriteStream(path: string, { signal, flag = 'w', mode = defaultMode }: WriteOptions = {}): Writable {
    let writer: FileWriter | undefined;
    return new Writable({
      ...(signal && { signal }),
      construct: (callback) => {
        settle(
          this.#attached().then(async (client) => {
            writer = await FileWriter.open(client, path, flag === 'a', mode);
          }),
          callback,
        );
      },
      write: (chunk: Buffer, _encoding, callback) => settle(writer?.write(chunk), callback),
      final: (callback) => settle(writer?.end(), callback),
      destroy: (error, callback) => {
        if (error) writer?.abandon();
        callback(error);
      },
    });
  }

  /** The volumes of the container. */
  async volumes({ signal }: CallOptions = {}): Promise<readonly SharedVolume[]> {
    return await this.#again(signal, async ({ link }) => {
      const told = link.extensions.find(([name]) => name === 'volumes@fairlead.dev');
      return told ? (JSON.parse(told[1]) as SharedVolume[]) : [];
    });
  }

  /** The pod that is asked at the moment. */
  async pod({ signal }: CallOptions = {}): Promise<string> {
    return await this.#again(signal, async ({ link }) => link.chosen.pod);
  }

  async *#chunks(
    path: string,
    range: { readonly start?: number; readonly end?: number },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    // As long as nobody has got anything of it, it may come from another replica.
    const [first, chunks] = await this.#again(signal, async (client) => {
      const reading = readChunks(client, path, range);
      return [await reading.next(), reading] as const;
    });
    if (first.done) return;
    yield first.value;
    yield* chunks;
  }

  async #write(path: string, bytes: Uint8Array, flag: 'w' | 'a', mode: number): Promise<void> {
    const writer = await FileWriter.open(await this.#attached(), path, flag === 'a', mode);
    await writer.write(bytes);
    await writer.end();
  }

  /** Does what may be repeated, and repeats it when the replica goes away. */
  async #again<T>(signal: AbortSignal | undefined, work: (client: SftpClient) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    for (let restarts = 0; ; restarts += 1) {
      const client = await abortable(this.#attached(), { ...(signal && { signal }) });
      try {
        return await abortable(work(client), { ...(signal && { signal }) });
      } catch (error) {
        signal?.throwIfAborted();
        this.#access.signal.throwIfAborted();
        // What the server says of a file is its word; only a way that is gone is a reason to ask somebody else.
        if (client.isOpen || restarts >= maxRestarts) throw error;
      }
    }
  }

  async #attached(): Promise<SftpClient> {
    this.#access.signal.throwIfAborted();
    this.#client ??= this.#attach();
    const attaching = this.#client;
    try {
      const client = await attaching;
      if (client.isOpen) return client;
    } catch (error) {
      this.#forget(attaching);
      throw error;
    }
    this.#forget(attaching);
    return await this.#attached();
  }

  async #attach(): Promise<SftpClient> {
    return new SftpClient(await attachFiles(this.#access, attachMs), this.#access.clock);
  }

  #forget(attaching: Promise<SftpClient>): void {
    if (this.#client === attaching) this.#client = undefined;
  }
}

function tooMuch(what: string, instead: string): FairleadError {
  return new FairleadError('unsupported', what, { phase: 'serve', hint: `Use ${instead}, which holds only a part.` });
}

function settle(work: Promise<void> | undefined, callback: (error?: Error | null) => void): void {
  (work ?? Promise.resolve()).then(() => callback(), callback);
}
