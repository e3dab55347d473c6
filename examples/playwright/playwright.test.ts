import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const command = fileURLToPath(new URL('../../node_modules/@playwright/test/cli.js', import.meta.url));

it.skipIf(!existsSync(chromium))(
  'the Playwright example passes (skipped without Chromium)',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [command, 'test'], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, CHROMIUM: chromium },
    });

    expect(stdout).toContain('2 passed');
  },
  60_000,
);
