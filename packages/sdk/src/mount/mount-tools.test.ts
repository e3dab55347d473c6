import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isMounted, prepareMountPlace } from './mount-place.ts';
import { findMountTools, type MountEnvironment } from './mount-tools.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-mount-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

async function program(name: string): Promise<void> {
  await writeFile(at(name), '');
  await chmod(at(name), 0o755);
}

it('finds what mounting takes', async () => {
  for (const name of ['sshfs', 'fusermount']) await program(name);
  const where = { platform: 'linux', path: `/nowhere:${directory}`, device: '/dev/null' };

  expect(await findMountTools(where)).toEqual({ sshfs: at('sshfs'), fusermount: at('fusermount') });
});

it('says everything that is missing, with its remedy', async () => {
  const failureOf = (where: MountEnvironment): Promise<unknown> =>
    findMountTools(where).catch((error: unknown) => error);
  const nothing = await failureOf({ platform: 'linux', path: directory, device: at('fuse') });

  expect(nothing).toMatchObject({ code: 'mount-unavailable', category: 'config' });
  expect(String(nothing)).toMatch(/apt-get install sshfs.*apt-get install fuse3.*ENOENT.*--device \/dev\/fuse/);
  expect(String(await failureOf({ platform: 'darwin', path: '', device: '' }))).toMatch(
    /works on Linux, and this is darwin/,
  );
});

it('takes an empty directory, or makes one and takes it away again', async () => {
  await mkdir(at('empty'));

  await (await prepareMountPlace(at('empty'))).giveBack();
  await (await prepareMountPlace(at('new'))).giveBack();

  expect(await readdir(directory)).toEqual(['empty']);
});

it('refuses a directory with something in it, what is no directory, and where something is mounted', async () => {
  await program('file');

  await expect(prepareMountPlace(directory)).rejects.toMatchObject({ code: 'mount-failed', category: 'user' });
  await expect(prepareMountPlace(at('file'))).rejects.toMatchObject({ code: 'mount-failed' });
  await expect(prepareMountPlace('/proc')).rejects.toMatchObject({
    hint: expect.stringContaining('fusermount3 -u /proc'),
  });
  expect(await isMounted(directory)).toBe(false);
});
