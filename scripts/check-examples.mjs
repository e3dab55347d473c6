/**
 * Type-checks every `ts` block of the READMEs and the docs as a program of its own, against the packages' sources. Whether
 * they also do what they say is tested by `e2e/docs`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { documentationPages, fencedBlocks } from './fenced-blocks.mjs';

const folder = '.examples';
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const blocks = documentationPages().flatMap((page) => fencedBlocks(page).filter(({ language }) => language === 'ts'));
for (const { page, line, marks, text } of blocks) {
  const place = marks.with === undefined ? folder : `${folder}/${marks.with}`;
  if (marks.with !== undefined) cpSync(`examples/${marks.with}`, place, { recursive: true });
  writeFileSync(`${place}/${page.replaceAll(/[/.]/g, '-')}-${line}.ts`, `export {};\n${text}`);
}
writeFileSync(
  `${folder}/tsconfig.json`,
  JSON.stringify({
    extends: '../tsconfig.test.json',
    compilerOptions: { rootDir: '..', noUnusedLocals: false },
    include: ['**/*.ts'],
  }),
);
const { status, stdout, stderr } = spawnSync('node_modules/.bin/tsc', ['-p', folder], { encoding: 'utf8' });
console.log(status === 0 ? `${blocks.length} examples compile` : `${stdout}${stderr}`);
if (status === 0) rmSync(folder, { recursive: true });
process.exit(status ?? 1);
