import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FencedBlock } from '../../scripts/fenced-blocks.mjs';
import { blocksOf, placeOf } from './blocks.ts';
import { Sandbox } from './sandbox.ts';
import { commandsIn, expectOutput } from './shell.ts';

const pages = new Map<string, FencedBlock[]>();
for (const block of blocksOf('sh', 'console')) {
  const { cluster, parsed } = block.marks;
  if (cluster === undefined && parsed === undefined) pages.set(block.page, [...(pages.get(block.page) ?? []), block]);
}

describe.each([...pages])('%s', (_page, blocks) => {
  let sandbox: Sandbox;
  beforeAll(() => {
    sandbox = new Sandbox('quick-start');
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose](), 60_000);

  it.each(blocks.map((block) => [placeOf(block), block] as const))(
    '%s',
    async (_place, block) => {
      const { until, exits = 0, address } = block.marks;
      const [shown = '', service = ''] = String(address ?? '').split('=');
      const commands = commandsIn(block);
      const script = shown === '' ? commands : commands.replaceAll(shown, sandbox.address(service));
      if (typeof until === 'string') {
        await sandbox.runBehind(script, until);
        return;
      }

      const { status, output } = await sandbox.run(script);

      expect(status, output).toBe(Number(exits));
      if (block.language === 'console') expectOutput(block, output);
    },
    90_000,
  );
});
