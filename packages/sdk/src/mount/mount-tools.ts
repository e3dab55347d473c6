import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import path from 'node:path';
import { FairleadError } from '@fairlead/core';

/** The programs that mount. */
export interface MountTools {
  readonly sshfs: string;
  readonly fusermount: string;
}

/** Where things are looked for. */
export interface MountEnvironment {
  readonly platform: string;
  /** Of the environment. */
  readonly path: string;
  readonly device: string;
}

const thisMachine = (): MountEnvironment => ({
  platform: process.platform,
  path: process.env.PATH ?? '',
  device: '/dev/fuse',
});

/** Finds what mounting takes. Fails with `mount-unavailable` and everything that is missing, each with its remedy. */
export async function findMountTools(where: MountEnvironment = thisMachine()): Promise<MountTools> {
  if (where.platform !== 'linux') {
    throw missing([`mounting works on Linux, and this is ${where.platform}`]);
  }
  const problems: string[] = [];
  const [sshfs, fusermount3, fusermount, device] = await Promise.all([
    find('sshfs', where),
    find('fusermount3', where),
    find('fusermount', where),
    canOpen(where.device),
  ]);
  const unmounter = fusermount3 ?? fusermount;
  if (!sshfs) problems.push('sshfs is not on the PATH (Debian and Ubuntu: apt-get install sshfs)');
  if (!unmounter) problems.push('fusermount3 is not on the PATH (Debian and Ubuntu: apt-get install fuse3)');
  if (device)
    problems.push(
      `${where.device} cannot be opened: ${device} (in a container: --device /dev/fuse --cap-add SYS_ADMIN)`,
    );
  if (!sshfs || !unmounter || problems.length > 0) throw missing(problems);
  return { sshfs, fusermount: unmounter };
}

async function find(program: string, { path: directories }: MountEnvironment): Promise<string | undefined> {
  for (const directory of directories.split(path.delimiter).filter((each) => each !== '')) {
    const file = path.join(directory, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** Undefined: yes; else why not. */
async function canOpen(device: string): Promise<string | undefined> {
  try {
    await (await open(device, 'r+')).close();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  }
}

function missing(problems: readonly string[]): FairleadError {
  return new FairleadError('mount-unavailable', `files cannot be mounted here: ${problems.join('; ')}`, {
    phase: 'input',
  });
}
