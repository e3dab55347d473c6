/**
 * Type-checks every `ts` block of the README and the guides as a program of its own, against the packages' sources.
 * A block whose fence says `ts fragment` is left out: it stands for a piece that means nothing alone.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const folder = '.examples';
const pages = [
  'README.md',
  ...readdirSync('packages').map((name) => `packages/${name}/README.md`),
  ...listMarkdown('docs/guides'),
].filter((page) => readOrEmpty(page) !== '');

function listMarkdown(root) {
  try {
    return readdirSync(root)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${root}/${name}`);
  } catch {
    return [];
  }
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
let blocks = 0;
for (const page of pages) {
  for (const [index, match] of [...readOrEmpty(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].entries()) {
    blocks += 1;
    writeFileSync(`${folder}/${page.replaceAll(/[/.]/g, '-')}-${index + 1}.ts`, `export {};\n${match[1]}`);
  }
}
writeFileSync(
  `${folder}/tsconfig.json`,
  JSON.stringify({
    extends: '../tsconfig.test.json',
    compilerOptions: { rootDir: '..', noUnusedLocals: false },
    include: ['*.ts'],
  }),
);
const { status, stdout, stderr } = spawnSync('node_modules/.bin/tsc', ['-p', folder], { encoding: 'utf8' });
console.log(status === 0 ? `${blocks} examples compile` : `${stdout}${stderr}`);
if (status === 0) rmSync(folder, { recursive: true });
process.exit(status ?? 1);
