import { chmod, link, lstat, mkdir, rename, rmdir, truncate, unlink, utimes } from 'node:fs/promises';
import { type SftpAttributes, sftpStatus } from '@fairlead/core';
import type { AppTree } from './app-tree.ts';
import { FileProblem, refused } from './file-problem.ts';
import { requireWritable } from './open-file.ts';
import { childPath } from './pin.ts';

const permissionBits = 0o777;

/** Makes a directory. */
export async function makeDirectory(tree: AppTree, path: string, { mode = 0o755 }: SftpAttributes): Promise<void> {
  await inDirectory(tree, path, (place) => mkdir(place, mode & permissionBits));
}

/** Removes an empty directory. */
export async function removeDirectory(tree: AppTree, path: string): Promise<void> {
  await inDirectory(tree, path, rmdir);
}

/** Removes a file or a link. */
export async function removeFile(tree: AppTree, path: string): Promise<void> {
  await inDirectory(tree, path, unlink);
}

/** Gives something another name in its volume; what has that name already is replaced or stands in the way. */
export async function renameFile(tree: AppTree, from: string, to: string, mayReplace: boolean): Promise<void> {
  const source = await tree.findName(from);
  try {
    requireWritable(source.volume);
    await inDirectory(tree, to, async (target, volume) => {
      if (volume !== source.volume) throw new FileProblem(sftpStatus.failure, 'it is another volume');
      const place = childPath(source.directory, source.name);
      if (mayReplace) return await rename(place, target);
      if ((await lstat(place)).isFile()) {
        await link(place, target);
        return await unlink(place);
      }
      const isThere = await lstat(target).then(
        () => true,
        () => false,
      );
      if (isThere) throw new FileProblem(sftpStatus.failure, 'it is there already');
      return await rename(place, target);
    });
  } finally {
    await source.directory.close();
  }
}

/** Changes length, permissions or times. Owners stay: the agent has no business with them. */
export async function setAttributes(tree: AppTree, path: string, wanted: SftpAttributes): Promise<void> {
  const { pin, volume } = await tree.find(path, 'follow');
  try {
    requireWritable(volume);
    if (!pin) throw refused('it cannot be changed');
    if (!pin.stats.isFile() && !pin.stats.isDirectory()) throw refused('it is no regular file');
    await changeAttributes(wanted, {
      truncate: (size) => truncate(pin.path, size),
      chmod: (mode) => chmod(pin.path, mode),
      utimes: (accessed, modified) => utimes(pin.path, accessed, modified),
    });
  } finally {
    await pin?.close();
  }
}

/** What can be changed of a file, however it is named. */
export interface ChangeableFile {
  truncate(size: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(accessed: number, modified: number): Promise<void>;
}

/** As {@link setAttributes}, of a file that is at hand. */
export async function changeAttributes(wanted: SftpAttributes, file: ChangeableFile): Promise<void> {
  const { size, mode, accessed, modified } = wanted;
  if (wanted.uid !== undefined) throw new FileProblem(sftpStatus.unsupported, 'owners cannot be changed');
  if (size !== undefined) await file.truncate(size);
  if (mode !== undefined) await file.chmod(mode & permissionBits);
  if (accessed !== undefined && modified !== undefined) await file.utimes(accessed, modified);
}

async function inDirectory(
  tree: AppTree,
  path: string,
  change: (place: string, volume: object) => Promise<unknown>,
): Promise<void> {
  const { directory, volume, name } = await tree.findName(path);
  try {
    requireWritable(volume);
    await change(childPath(directory, name), volume);
  } finally {
    await directory.close();
  }
}
