import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { build, runProgram } from '../../packages/cli/src/program.ts';
import { captureTerminal } from '../../packages/cli/src/testing/captured-terminal.ts';
import { blocksOf, placeOf } from './blocks.ts';
import { commandsIn, fairleadCallsIn } from './shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'fl-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Nobody listens there: whatever a command line asks for is read and checked, and nothing happens. */
const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'none', user: {} }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
    'current-context': 'none',
  }),
);

const callsMarked = (mark: string) =>
  blocksOf('sh', 'console')
    .filter(({ marks }) => marks[mark] !== undefined)
    .flatMap((block) => fairleadCallsIn(commandsIn(block)).map((args) => [placeOf(block), args] as const));

it.each(callsMarked('parsed'))('%s: fairlead reads %j', async (_place, args) => {
  let reached = 0;
  const harmless = build(
    () => async () => {
      reached += 1;
    },
    captureTerminal(),
  );

  await harmless.parseAsync(args, { from: 'user' });

  expect(reached).toBe(1);
});

it.concurrent.each(callsMarked('cluster'))(
  '%s: fairlead understands %j',
  async (_place, args) => {
    const terminal = captureTerminal();
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    const all = [...args.slice(0, end), '--kubeconfig', kubeconfig, ...args.slice(end)];

    const status = await runProgram(all, { terminal, signal: AbortSignal.timeout(8_000) });

    // 2 and 3 are mistakes of whoever wrote the line; to find nobody there, or to be stopped while trying, is none.
    expect([2, 3], terminal.stderr()).not.toContain(status);
  },
  30_000,
);
