import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeSocketDirectory, socketPlace } from './socket-place.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'runtime-'));
  vi.stubEnv('XDG_RUNTIME_DIR', directory);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

it('is in the runtime directory of the user, whoever else may read the rest', async () => {
  const place = socketPlace();

  await makeSocketDirectory(place, true);

  expect(place.socket).toBe(path.join(directory, 'fairlead', 'local.sock'));
  expect((await stat(path.dirname(place.socket))).mode & 0o777).toBe(0o700);
});

it('has the user in its name where there is only one directory for all', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', '');

  expect(socketPlace().socket).toBe(path.join(tmpdir(), `fairlead-${process.getuid?.()}`, 'local.sock'));
});

it('is where one names it', () => {
  expect(socketPlace('some.sock')).toEqual({
    socket: path.resolve('some.sock'),
    tokenFile: path.resolve('some.sock.token'),
  });
});

it.runIf(process.getuid?.() === 0)('does not trust a directory that somebody else has made', async () => {
  const place = socketPlace();
  await makeSocketDirectory(place, true);
  await chown(path.dirname(place.socket), 12_345, 12_345);

  await expect(makeSocketDirectory(place, true)).rejects.toMatchObject({ code: 'forbidden' });
});
