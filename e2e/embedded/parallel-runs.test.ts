import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serveLocalCluster } from '@fairlead/local-adapter';
import { expect, it } from 'vitest';
import { shopManifest } from './shop.ts';

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const config = fileURLToPath(new URL('../parallel/vitest.config.ts', import.meta.url));

it('two vitest projects at the same time share a workload, and nobody gets an answer of somebody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-parallel-'));
  await using served = await serveLocalCluster({ manifests: shopManifest, socket: join(folder, 'cluster.sock') });
  const url = `${served.cluster.url('cart', 'http')}/cart`;
  const env = { ...process.env, FAIRLEAD_SOCKET: served.socket };
  const runs = spawn(process.execPath, [vitest, 'run', '--config', config], { env });
  const output = Promise.all([text(runs.stdout), text(runs.stderr)]);
  const ended = once(runs, 'close');

  const plain: string[] = [];
  while (runs.exitCode === null) {
    plain.push(await (await fetch(url)).text());
    await pause(5);
  }
  const [status] = await ended;
  rmSync(folder, { recursive: true });

  expect(status, (await output).join('\n')).toBe(0);
  expect(plain.length).toBeGreaterThan(50);
  expect(plain.every((answer) => answer.startsWith('cart of'))).toBe(true);
}, 120_000);
