import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { PreflightCheck } from '@fairlead/core';

/** What FUSE is made of, by platform: a device or a file system, and the program that mounts. */
const wanted: Partial<Record<NodeJS.Platform, { readonly file: string; readonly programs: readonly string[] }>> = {
  linux: { file: '/dev/fuse', programs: ['sshfs'] },
  darwin: { file: '/Library/Filesystems/macfuse.fs', programs: ['sshfs'] },
};

const name = 'mounts';
const remedy = 'Install FUSE and sshfs if you want to mount the files of a workload; everything else works without.';

/** Whether this machine can mount the files of a workload. Information: nothing but a mount needs it, so it never fails. */
export async function canMount(
  platform: NodeJS.Platform = process.platform,
  path: string = process.env.PATH ?? '',
): Promise<PreflightCheck> {
  const needs = wanted[platform];
  if (!needs) return { name, state: 'unknown', message: `mounts are not known on ${platform}`, remedy };
  const { file, programs } = needs;
  const folders = path.split(delimiter).filter(Boolean);
  const missing = [...((await isThere(file)) ? [] : [file]), ...(await missingPrograms(programs, folders))];
  if (missing.length === 0) return { name, state: 'ok', message: 'FUSE and sshfs are there' };
  return { name, state: 'unknown', message: `there is no ${missing.join(' and no ')}; only mounts need it`, remedy };
}

async function missingPrograms(programs: readonly string[], folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    programs.map(async (program) => {
      const places = await Promise.all(folders.map((folder) => isThere(join(folder, program))));
      return places.some(Boolean);
    }),
  );
  return programs.filter((_, at) => !found[at]);
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
