import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, it } from 'vitest';
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
    const place = placeOf(block);
    const file = join(sandbox.folder, `${place.replaceAll(/\W/g, '-')}.ts`);
    writeFileSync(file, block.text);
    const failure = await failureOf(import(file));
    it(`${place} runs`, () => {
      if (failure !== undefined) throw failure;
    });
  }
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
