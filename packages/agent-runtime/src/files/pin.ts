import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';

/** Linux' flag for a descriptor that names a file without opening it; Node has no constant for it. */
const pathOnly = 0o10_000_000;
const isLinux = process.platform === 'linux';

/**
 * A file, directory or link that is held: whatever others put in its place meanwhile, this stays what it is. Where the
 * system has no such thing it is only a path.
 */
export interface Pin {
  /** By which it, or what is in it, is reached. */
  readonly path: string;
  readonly stats: Stats;
  close(): Promise<void>;
}

/** Holds what is there; a link itself, not what it leads to. Nothing is opened, so devices and pipes do not notice. */
export async function pin(path: string): Promise<Pin> {
  if (!isLinux) return { path, stats: await lstat(path), close: async () => {} };
  const handle = await open(path, pathOnly | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    return { path: `/proc/self/fd/${handle.fd}`, stats, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Holds what is in a held directory under this name, which must be one name and not a path. */
export async function pinChild(directory: Pin, name: string): Promise<Pin> {
  return await pin(childPath(directory, name));
}

/** A path that leads into the held directory, wherever that may have been moved. */
export function childPath(directory: Pin, name: string): string {
  return `${directory.path}/${name}`;
}
