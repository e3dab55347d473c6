import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runProgram } from '../../packages/cli/src/program.ts';
import { captureTerminal } from '../../packages/cli/src/testing/captured-terminal.ts';
import { allBlocks, blocksOf, placeOf, root } from './blocks.ts';
import { Sandbox } from './sandbox.ts';

/** What a block may be: checked by the suites of this folder, drawn by the site's build, or plain text. */
const languages = ['ts', 'sh', 'console', 'yaml', 'json', 'mermaid', 'text', ''];
/** What a block may say that it needs, as CONTRIBUTING.md explains; there is none to leave a block out. */
const words = ['with', 'file', 'until', 'exits', 'address', 'cluster', 'parsed'];

it('every block says what it is', () => {
  const unknown = allBlocks.filter(({ language }) => !languages.includes(language));

  expect(unknown.map((block) => `${placeOf(block)} ${block.language}`)).toEqual([]);
});

it('every word behind a language is one that means something', () => {
  const unknown = allBlocks
    .filter(({ language }) => language !== 'mermaid')
    .flatMap((block) => Object.keys(block.marks).map((word) => `${placeOf(block)} ${word}`))
    .filter((place) => !words.includes(place.split(' ').at(-1) ?? ''));

  expect(unknown).toEqual([]);
});

it.each(allBlocks.filter(({ marks }) => marks.file !== undefined).map((block) => [placeOf(block), block] as const))(
  '%s shows a file as it is',
  (_, block) => {
    expect(block.text).toBe(readFileSync(join(root, String(block.marks.file)), 'utf8'));
  },
);

it.each(blocksOf('yaml', 'json').map((block) => [placeOf(block), block] as const))(
  '%s can be read',
  async (_, block) => {
    const documents = block.language === 'json' ? [JSON.parse(block.text)] : readYaml(block.text);
    const workloads = documents.filter((each) => /^(Deployment|StatefulSet|ReplicaSet)$/.test(each?.kind ?? ''));
    if (workloads.length === 0) return;

    await using sandbox = new Sandbox('quick-start');
    const file = join(sandbox.folder, 'block.yaml');
    writeFileSync(file, block.text);
    const terminal = captureTerminal();
    const status = await runProgram(['plan', '-f', file, '-o', 'json'], {
      terminal,
      signal: new AbortController().signal,
    });

    expect(status, terminal.stderr()).toBe(0);
    const { plans } = JSON.parse(terminal.stdout());
    expect(plans.map((each: { error: unknown }) => each.error)).toEqual(workloads.map(() => null));
  },
);

function readYaml(text: string): { kind?: string }[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS();
  });
}
