import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, it } from 'vitest';
import type { FencedBlock } from '../../scripts/fenced-blocks.mjs';
import { blocksOf, placeOf } from './blocks.ts';
import { Sandbox } from './sandbox.ts';

/**
 * Runs each `ts` block that is written for this example as a module of its own, in the folder that its readers would have;
 * what tests it declares become tests of the calling file, at whose top level this has to stand. Types are checked by
 * `npm run check`.
 */
export async function runTypeScript(example: string): Promise<void> {
  const sandbox = new Sandbox(example);
  const before = process.cwd();
  process.chdir(sandbox.folder);
  afterAll(async () => {
    process.chdir(before);
    await sandbox[Symbol.asyncDispose]();
  });
  for (const block of blocksOf('ts')) {
    if (block.marks.cluster !== undefined || (block.marks.with ?? 'quick-start') !== example) continue;
    const failure = await failureOf(importBlock(sandbox, block));
    it(`${placeOf(block)} runs`, () => {
      if (failure !== undefined) throw failure;
    });
  }
}

/** Runs a block as a module in the folder, and a line at its end, where what the block declares is still held. */
export async function importBlock({ folder }: Sandbox, block: FencedBlock, lastLine = ''): Promise<void> {
  const file = join(folder, `${placeOf(block).replaceAll(/\W/g, '-')}.ts`);
  writeFileSync(file, block.text + lastLine);
  await import(file);
}

async function failureOf(running: Promise<unknown>): Promise<Error | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, 30_000, new Error('was not done in 30 s'));
  });
  try {
    await Promise.race([running, late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}
