import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { engineFlags, setEngineFlags } from './engine-flags.ts';

it('sets flags that this engine knows', async () => {
  setEngineFlags();
  const run = (...flags: string[]) => promisify(execFile)(process.execPath, [...flags, '-p', '6 * 7']);

  expect((await run(...engineFlags)).stdout).toBe('42\n');
  // Those that are set by a call it names on stderr when it does not know them, and goes on; as options it refuses them.
  await expect(run('--heap-growing-percents=200')).rejects.toMatchObject({ code: 9 });
});
