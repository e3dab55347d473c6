import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { sftpOpenFlags, sftpStatus } from '@fairlead/core';
import type { AppTree } from './app-tree.ts';
import { FileProblem, refused } from './file-problem.ts';
import { childPath, type Pin } from './pin.ts';
import type { ServedVolume } from './served-volume.ts';

/** What a file of a volume is opened as: always a regular one, of which no other can take the place. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly isWritable: boolean;
  readonly isAppending: boolean;
}

const writing = sftpOpenFlags.write | sftpOpenFlags.append | sftpOpenFlags.create | sftpOpenFlags.truncate;
/** Nothing that waits for somebody: a pipe without a reader must not hold up the agent. */
const carefully = constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/** Opens a file for what the flags of `sftpOpenFlags` ask. Fails with a problem, or as the system does. */
export async function openFile(tree: AppTree, path: string, flags: number, mode: number): Promise<OpenedFile> {
  const isWritable = (flags & writing) !== 0;
  const isAppending = (flags & sftpOpenFlags.append) !== 0;
  const handle = await (isWritable ? openToWrite(tree, path, flags, mode) : openToRead(tree, path));
  return { handle, isWritable, isAppending };
}

async function openToRead(tree: AppTree, path: string): Promise<FileHandle> {
  const found = await tree.find(path, 'follow');
  if (!found.pin) throw new FileProblem(sftpStatus.failure, 'it is a directory');
  return await reopen(found.pin, constants.O_RDONLY);
}

async function openToWrite(tree: AppTree, path: string, flags: number, mode: number): Promise<FileHandle> {
  const access = flags & sftpOpenFlags.read ? constants.O_RDWR : constants.O_WRONLY;
  const how = access | (flags & sftpOpenFlags.append ? constants.O_APPEND : 0);
  const mayCreate = (flags & sftpOpenFlags.create) !== 0;
  const mustCreate = mayCreate && (flags & sftpOpenFlags.exclusive) !== 0;
  const found = await tree.find(path, mustCreate ? 'keep' : 'follow').catch((error: unknown) => {
    if (mayCreate && FileProblem.from(error).status === sftpStatus.noSuchFile) return undefined;
    throw error;
  });
  if (!found) return await create(tree, path, how, mode);
  const { pin, volume } = found;
  try {
    requireWritable(volume);
    if (mustCreate) throw new FileProblem(sftpStatus.failure, 'it is there already');
    if (!pin) throw new FileProblem(sftpStatus.failure, 'it is a directory');
  } catch (error) {
    await pin?.close();
    throw error;
  }
  return await reopen(pin, how | (flags & sftpOpenFlags.truncate ? constants.O_TRUNC : 0));
}

async function create(tree: AppTree, path: string, how: number, mode: number): Promise<FileHandle> {
  const { directory, volume, name } = await tree.findName(path);
  try {
    requireWritable(volume);
    // Exclusively: should something have come in between, it is not what was looked at.
    return await open(childPath(directory, name), how | constants.O_CREAT | constants.O_EXCL | carefully, mode);
  } finally {
    await directory.close();
  }
}

/** Opens what is held, and lets go of it. */
async function reopen(held: Pin, flags: number): Promise<FileHandle> {
  try {
    if (held.stats.isDirectory()) throw new FileProblem(sftpStatus.failure, 'it is a directory');
    if (!held.stats.isFile()) throw refused('it is no regular file');
    // What is held by a descriptor is behind a link of the system's; elsewhere the path itself must not be a link.
    const isHeld = held.path.startsWith('/proc/self/fd/');
    const handle = await open(held.path, flags | (isHeld ? carefully & ~constants.O_NOFOLLOW : carefully));
    if (isHeld || isSame(await handle.stat(), held.stats)) return handle;
    await handle.close();
    throw refused('it was replaced at this moment');
  } finally {
    await held.close();
  }
}

/** Fails for a volume that nobody may write to. */
export function requireWritable(volume: ServedVolume | undefined): void {
  if (volume?.access !== 'read-write') throw refused('the volume is shared read-only');
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.isFile();
}
