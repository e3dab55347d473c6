import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { FairleadError } from '@fairlead/core';

/** A directory that something is to be mounted on. */
export interface MountPlace {
  /** Absolute. */
  readonly directory: string;
  /** Takes the directory away if it was made for this. */
  giveBack(): Promise<void>;
}

/**
 * Makes the directory, or takes an empty one. Fails with `mount-failed` when it has something in it, when something is
 * mounted there, or when a mount is left there whose program is gone.
 */
export async function prepareMountPlace(wanted: string): Promise<MountPlace> {
  const directory = path.resolve(wanted);
  await checkMountPlace(directory);
  const made = await mkdir(directory, { recursive: true }).catch((error: unknown) => failed(directory, error));
  return {
    directory,
    async giveBack() {
      // Only what was made here, and only while nobody has put anything there.
      if (made !== undefined) await rmdir(directory).catch(() => {});
    },
  };
}

/** Fails as {@link prepareMountPlace}, and makes nothing. */
export async function checkMountPlace(wanted: string): Promise<void> {
  const directory = path.resolve(wanted);
  if (await isMounted(directory)) throw taken(directory);
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    return error.code === 'ENOENT' ? [] : failed(directory, error);
  });
  if (entries.length > 0) throw new FairleadError('mount-failed', `${directory} is not empty`, { phase: 'input' });
}

/** Whether something is mounted on exactly this directory. Asks the system and not what is mounted, which may be dead. */
export async function isMounted(directory: string): Promise<boolean> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return table.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '') === directory);
}

/** Blanks and the like stand there as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function taken(directory: string): FairleadError {
  return new FairleadError('mount-failed', `something is mounted on ${directory} already`, {
    phase: 'input',
    hint: `Name another directory. If its program is gone, take the mount away: fusermount3 -u ${directory}`,
  });
}

function failed(directory: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOTCONN') throw taken(directory);
  throw new FairleadError('mount-failed', `${directory} cannot be used: ${message}`, { phase: 'input', cause: error });
}
