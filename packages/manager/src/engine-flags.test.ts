import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { engineFlags, setEngineFlags } from './engine-flags.ts';

it('sets flags that this engine knows, which says nothing about others by itself', async () => {
  setEngineFlags();
  const run = (...flags: string[]) => promisify(execFile)(process.execPath, [...flags, '-p', '6 * 7']);

  expect((await run(...engineFlags)).stdout).toBe('42\n');
  await expect(run('--heap-growing-percents=200')).rejects.toMatchObject({ code: 9 });
});
