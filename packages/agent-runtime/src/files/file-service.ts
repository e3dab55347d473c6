import { readlink } from 'node:fs/promises';
import {
  encodeSftpReply,
  type SftpAttributes,
  type SftpRequest,
  sealSftpData,
  sftpDataHeaderBytes,
  sftpOpenFlags,
  sftpStatus,
  type UnknownSftpRequest,
} from '@fairlead/core';
import { AccessOrder } from './access-order.ts';
import type { AppTree, Found } from './app-tree.ts';
import {
  changeAttributes,
  makeDirectory,
  removeDirectory,
  removeFile,
  renameFile,
  setAttributes,
} from './change-files.ts';
import { DirectoryListing } from './directory-listing.ts';
import { attributesOf, emptyDirectory, entryOf } from './file-attributes.ts';
import { FileProblem } from './file-problem.ts';
import { type OpenedFile, openFile } from './open-file.ts';
import { OpenHandles, type OpenThing } from './open-handles.ts';
import { childPath } from './pin.ts';
import { ReadBuffers } from './read-buffers.ts';
import type { WorkSlots } from './work-slots.ts';

/** What can be asked once the two sides know each other. */
export type FileRequest = Exclude<SftpRequest, { readonly type: 'init' }> | UnknownSftpRequest;

/** Bytes of one answer to a read. Whoever wants more asks again. */
const maxReadBytes = 64 * 1024;
/** What one client may have open. */
const maxOpen = 128;
const defaultMode = 0o644;
const permissionBits = 0o777;

/** Requests that name their file by a path and leave nothing open. */
type PathRequest = Exclude<
  FileRequest,
  { readonly handle: string } | { readonly type: 'open' | 'opendir' | 'extended' | 'symlink' | 'unknown' }
>;
type Opened = (OpenThing & { readonly file: OpenedFile }) | DirectoryListing;

/** Answers one client's requests out of the volumes of a container. */
export class FileService {
  readonly #tree: AppTree;
  readonly #slots: WorkSlots;
  readonly #open = new OpenHandles<Opened>(maxOpen);
  readonly #buffers = new ReadBuffers(maxReadBytes);
  /** Clients ask for what they have just made before they have heard that it is there. */
  readonly #paths = new AccessOrder();

  constructor(tree: AppTree, slots: WorkSlots) {
    this.#tree = tree;
    this.#slots = slots;
  }

  /**
   * The packet that answers a request. Never rejects. Requests about paths take effect in the order of the calls, and so do
   * those about one handle.
   */
  async answer(request: FileRequest): Promise<Uint8Array> {
    const { id } = request;
    try {
      return (await this.#answer(request)) ?? status(id, sftpStatus.ok, '');
    } catch (thrown) {
      const problem = FileProblem.from(thrown);
      return status(id, problem.status, problem.message);
    }
  }

  /** The packet of an answer has left: what it stands in may be used again. */
  sent(packet: Uint8Array): void {
    this.#buffers.giveBack(packet);
  }

  /** Closes whatever the client has left open. */
  async close(): Promise<void> {
    await this.#open.closeAll();
  }

  /** Undefined: it is done, and there is nothing to tell. */
  async #answer(request: FileRequest): Promise<Uint8Array | undefined> {
    const { id } = request;
    switch (request.type) {
      case 'open':
        return await this.#paths[request.flags === sftpOpenFlags.read ? 'together' : 'alone'](() =>
          this.#handle(id, () => this.#openFile(request.path, request.flags, request.attributes)),
        );
      case 'opendir':
        return await this.#paths.together(() => this.#handle(id, () => this.#openDirectory(request.path)));
      case 'close':
        return await done(this.#open.close(request.handle));
      case 'read':
        return await this.#file(request.handle, 'together', (file) => read(file, request, this.#buffers));
      case 'write':
        return await done(this.#file(request.handle, 'alone', (file) => write(file, request)));
      case 'fstat':
        return await this.#file(request.handle, 'together', async ({ handle, isWritable }) =>
          attributes(id, attributesOf(await handle.stat(), isWritable)),
        );
      case 'fsetstat':
        return await done(this.#file(request.handle, 'alone', (file) => change(file, request.attributes)));
      case 'readdir':
        return await this.#page(id, request.handle);
      case 'extended':
        return await this.#extended(request);
      case 'symlink':
      case 'unknown':
        throw new FileProblem(sftpStatus.unsupported, 'not supported');
      case 'lstat':
      case 'stat':
      case 'realpath':
      case 'readlink':
        return await this.#paths.together(() => this.#slots.run(() => this.#byPath(request)));
      case 'setstat':
      case 'mkdir':
      case 'rmdir':
      case 'remove':
      case 'rename':
        return await this.#paths.alone(() => this.#slots.run(() => this.#byPath(request)));
    }
  }

  async #byPath(request: PathRequest): Promise<Uint8Array | undefined> {
    const tree = this.#tree;
    const { id } = request;
    switch (request.type) {
      case 'stat':
      case 'lstat':
        return attributes(id, await this.#stat(request.path, request.type === 'stat' ? 'follow' : 'keep'));
      case 'realpath':
        return await this.#realPath(id, request.path);
      case 'readlink':
        return await this.#readLink(id, request.path);
      case 'mkdir':
        return await done(makeDirectory(tree, request.path, request.attributes));
      case 'rmdir':
        return await done(removeDirectory(tree, request.path));
      case 'remove':
        return await done(removeFile(tree, request.path));
      case 'rename':
        return await done(renameFile(tree, request.from, request.to, false));
      case 'setstat':
        return await done(setAttributes(tree, request.path, request.attributes));
    }
  }

  async #handle(id: number, open: () => Promise<Opened>): Promise<Uint8Array> {
    const handle = await this.#open.open(() => this.#slots.run(open));
    return encodeSftpReply({ type: 'handle', id, handle });
  }

  async #openFile(path: string, flags: number, { mode = defaultMode }: SftpAttributes): Promise<Opened> {
    const file = await openFile(this.#tree, path, flags, mode & permissionBits);
    return { file, close: () => file.handle.close() };
  }

  async #openDirectory(path: string): Promise<Opened> {
    const found = await this.#tree.find(path, 'follow');
    try {
      return await DirectoryListing.open(this.#tree, found);
    } catch (error) {
      await found.pin?.close();
      throw error;
    }
  }

  async #file<T>(handle: string, how: 'together' | 'alone', work: (file: OpenedFile) => Promise<T>): Promise<T> {
    return await this.#open.use(handle, how, async (opened) => {
      if (opened instanceof DirectoryListing) throw new FileProblem(sftpStatus.failure, 'it is a directory');
      return await this.#slots.run(() => work(opened.file));
    });
  }

  async #page(id: number, handle: string): Promise<Uint8Array> {
    return await this.#open.use(handle, 'alone', async (opened) => {
      if (!(opened instanceof DirectoryListing)) throw new FileProblem(sftpStatus.failure, 'it is no directory');
      const entries = await this.#slots.run(() => opened.next());
      if (entries.length === 0) return status(id, sftpStatus.endOfFile, 'no more entries');
      return encodeSftpReply({ type: 'names', id, entries });
    });
  }

  async #extended(request: Extract<FileRequest, { type: 'extended' }>): Promise<Uint8Array | undefined> {
    const { name, data } = request;
    if (name === 'posix-rename@openssh.com') {
      const [from = '', to = ''] = readTexts(data);
      await this.#paths.alone(() => this.#slots.run(() => renameFile(this.#tree, from, to, true)));
    } else if (name === 'fsync@openssh.com') {
      const [handle = ''] = readTexts(data);
      await this.#file(handle, 'alone', ({ handle: file }) => file.sync());
    } else throw new FileProblem(sftpStatus.unsupported, 'not supported');
    return undefined;
  }

  async #stat(path: string, lastLink: 'follow' | 'keep'): Promise<SftpAttributes> {
    return await this.#found(path, lastLink, async ({ pin, volume }) =>
      pin ? attributesOf(pin.stats, volume?.access === 'read-write') : emptyDirectory,
    );
  }

  async #realPath(id: number, path: string): Promise<Uint8Array> {
    const name = await this.#found(path, 'follow', async (found) => found.path);
    return encodeSftpReply({ type: 'names', id, entries: [entryOf(name, {})] });
  }

  async #readLink(id: number, path: string): Promise<Uint8Array> {
    const { directory, name } = await this.#tree.findName(path);
    try {
      const target = await readlink(childPath(directory, name));
      return encodeSftpReply({ type: 'names', id, entries: [entryOf(target, {})] });
    } finally {
      await directory.close();
    }
  }

  async #found<T>(path: string, lastLink: 'follow' | 'keep', tell: (found: Found) => Promise<T>): Promise<T> {
    const found = await this.#tree.find(path, lastLink);
    try {
      return await tell(found);
    } finally {
      await found.pin?.close();
    }
  }
}

async function read(
  { handle }: OpenedFile,
  request: Extract<FileRequest, { type: 'read' }>,
  buffers: ReadBuffers,
): Promise<Uint8Array> {
  const { id, offset, length } = request;
  const wanted = Math.min(length, maxReadBytes);
  const buffer = buffers.take();
  const { bytesRead } = await handle.read(buffer, sftpDataHeaderBytes, wanted, offset);
  if (bytesRead === 0 && length > 0) {
    buffers.giveBack(buffer);
    return status(id, sftpStatus.endOfFile, 'end of file');
  }
  return sealSftpData(buffer, id, bytesRead);
}

async function write(file: OpenedFile, request: Extract<FileRequest, { type: 'write' }>): Promise<void> {
  requireOpenToWrite(file);
  const { bytes, offset } = request;
  for (let done = 0; done < bytes.length; ) {
    const at = file.isAppending ? null : offset + done;
    const { bytesWritten } = await file.handle.write(bytes, done, bytes.length - done, at);
    done += bytesWritten;
  }
}

async function change(file: OpenedFile, wanted: SftpAttributes): Promise<void> {
  requireOpenToWrite(file);
  await changeAttributes(wanted, file.handle);
}

function requireOpenToWrite({ isWritable }: OpenedFile): void {
  if (!isWritable) throw new FileProblem(sftpStatus.permissionDenied, 'it is not open for writing');
}

/** For what is done and has nothing to tell. */
async function done(work: Promise<unknown>): Promise<undefined> {
  await work;
  return undefined;
}

function status(id: number, code: number, message: string): Uint8Array {
  return encodeSftpReply({ type: 'status', id, code, message });
}

function attributes(id: number, of: SftpAttributes): Uint8Array {
  return encodeSftpReply({ type: 'attributes', id, attributes: of });
}

/** Texts one after the other, each behind its length. */
function readTexts(data: Uint8Array): readonly string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const texts: string[] = [];
  for (let at = 0; at + 4 <= data.length; ) {
    const length = view.getUint32(at);
    if (at + 4 + length > data.length) throw new FileProblem(sftpStatus.badMessage, 'it ends too early');
    texts.push(Buffer.from(data.subarray(at + 4, at + 4 + length)).toString('utf8'));
    at += 4 + length;
  }
  return texts;
}
