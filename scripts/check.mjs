/**
 * Everything that must hold before a change lands, but for the tests: one line a step, the output of a failed one whole.
 * `npm run check` runs all steps; `npm run check -- lint walls` only the named ones, `-- --but build` all others. What is built comes first; then two steps
 * at a time, the longest of them from the start.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const packages = readdirSync('packages').filter((name) => existsSync(`packages/${name}/package.json`));
const bin = (name) => `node_modules/.bin/${name}`;

/** Step name → the commands that make it up, each `[program, ...arguments]`. */
const steps = {
  build: [
    [bin('tsc'), '-b'],
    [process.execPath, 'scripts/bundle-agent.mjs'],
  ],
  docs: [
    [bin('vitepress'), 'build', 'docs'],
    [bin('typedoc'), '--logLevel', 'Warn'],
    [process.execPath, 'scripts/check-site.mjs'],
  ],
  types: [[bin('tsc'), '-p', 'tsconfig.test.json']],
  lint: [
    [bin('biome'), 'ci', '--error-on-warnings', '.'],
    [bin('oxlint'), '--type-aware', '--deny-warnings'],
  ],
  walls: [[bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'packages']],
  deadwood: [[bin('knip')]],
  examples: [[process.execPath, 'scripts/check-examples.mjs']],
  packages: packages.flatMap((name) => [
    [bin('publint'), '--strict', `packages/${name}`],
    [bin('attw'), '--pack', `packages/${name}`, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'],
  ]),
};

/** Runs one command; resolves to its exit code and output. */
function run([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

const isBut = process.argv[2] === '--but';
const named = process.argv.slice(isBut ? 3 : 2);
const unknown = named.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}

let failed = 0;
async function check(name) {
  const began = performance.now();
  const broken = [];
  for (const command of steps[name]) {
    const { code, output } = await run(command);
    if (code !== 0) broken.push(`$ ${command.join(' ')}\n${output}`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${broken.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (broken.length > 0) console.log(broken.join('\n'));
  failed += broken.length;
}

const left = Object.keys(steps).filter((name) => named.length === 0 || named.includes(name) !== isBut);
if (left[0] === 'build') await check(left.shift());
const takeTurns = async () => {
  while (left.length > 0) await check(left.shift());
};
await Promise.all([takeTurns(), takeTurns()]);
process.exit(failed === 0 ? 0 : 1);
