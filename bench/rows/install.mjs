import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { round3 } from '../measure.mjs';
import { finish } from '../processes.mjs';

const inRepository = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What the SDK consists of, and the adapter that it needs for Kubernetes: they are in no registry yet. */
const sdk = ['core', 'tunnel', 'sdk'];
const adapter = 'k8s-adapter';

/** A client of Kubernetes, and what comes nearest among the SDKs for tests. */
const client = '@kubernetes/client-node@2.0.1';
const containers = 'testcontainers@12.2.0';

/** How many packages an installation of the SDK brings, and of what size, beside others. Needs the npm registry. */
export async function installRows({ folder, wanted }) {
  const ids = ['', '-kubernetes', '-testcontainers'].flatMap((end) => [`sdk.packages${end}`, `sdk.install-mb${end}`]);
  if (!ids.some(wanted)) return [];
  try {
    const alone = await install(folder, await pack(folder, sdk));
    const forKubernetes = await install(folder, await pack(folder, [...sdk, adapter]));
    const ofClient = await install(folder, [client]);
    const ofContainers = await install(folder, [containers]);
    return [
      ...rowsOf('', client, alone, ofClient),
      ...rowsOf('-kubernetes', client, forKubernetes, ofClient),
      ...rowsOf('-testcontainers', containers, alone, ofContainers),
    ].filter(({ id }) => wanted(id));
  } catch (error) {
    console.error(
      `sdk.packages and sdk.install-mb are skipped: ${error.message.trim().split('\n').slice(0, 3).join(' ')}`,
    );
    return [];
  }
}

/** What would be published of these workspaces. */
async function pack(folder, names) {
  const workspaces = names.map((name) => inRepository(`packages/${name}`));
  const packed = await finish('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    folder,
    ...workspaces,
  ]);
  return JSON.parse(packed).map(({ filename }) => join(folder, filename));
}

/** Installs into a project of its own; counts the packages that are there then, and the bytes of their files. */
async function install(folder, packages) {
  const project = join(folder, `project-${readdirSync(folder).length}`);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries', '0', '--fetch-timeout', '30000'];
  await finish('npm', ['install', '--prefix', project, ...quiet, ...packages]);
  const modules = join(project, 'node_modules');
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
  const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return { packages: Object.keys(lock.packages).length, megabytes: bytes / 1e6 };
}

function rowsOf(end, peer, ours, theirs) {
  const row = (id, unit, of) => {
    const ratio = round3(ours[of] / theirs[of]);
    const facts = { target: null, rounds: 1, spread: [ratio, ratio] };
    return { id, peer, ratio, unit, ours: round3(ours[of]), theirs: round3(theirs[of]), ...facts };
  };
  return [row(`sdk.packages${end}`, 'packages', 'packages'), row(`sdk.install-mb${end}`, 'MB', 'megabytes')];
}
