import { fileURLToPath } from 'node:url';
import { documentationPages, type FencedBlock, fencedBlocks } from '../../scripts/fenced-blocks.mjs';

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Every fenced block of the README and the docs. Those of the packages' READMEs are pieces: their types are checked only. */
export const allBlocks: readonly FencedBlock[] = documentationPages(root)
  .filter((page) => !page.startsWith('packages/'))
  .flatMap((page) => fencedBlocks(page, root));

/** The blocks of these languages. */
export function blocksOf(...languages: readonly string[]): readonly FencedBlock[] {
  return allBlocks.filter(({ language }) => languages.includes(language));
}

/** Where a block stands, as a reader of a failed test wants it. */
export function placeOf({ page, line }: FencedBlock): string {
  return `${page}:${line}`;
}
