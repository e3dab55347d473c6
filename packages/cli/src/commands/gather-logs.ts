import { writeFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { FairleadError, Redactor, type WorkloadKey, wireVersion } from '@fairlead/core';
import { type ClusterView, type DiagnosticPiece, openView, sessionOwner } from '@fairlead/sdk';
import { type ArchiveFile, tarOf } from '../archive/tar.ts';
import type { CommandContext } from '../context.ts';
import { parseSeconds } from '../number-argument.ts';
import { printDocument } from '../output/print-document.ts';
import { packageVersion } from '../package-version.ts';

interface GatherLogsOptions {
  readonly outputFile?: string;
  /** False by `--no-agents`. */
  readonly agents?: boolean;
  readonly timeout: string;
}

/** A file of the archive, as the report lists it. */
interface GatheredFile {
  readonly path: string;
  readonly bytes: number;
  /** Why it is empty, or not whole. */
  readonly note?: string;
}

/**
 * `fairlead gather-logs`: one archive with everything that tells what is wrong, free of secrets. What cannot be read is a
 * note in the archive, not a failure.
 */
export async function gatherLogs(
  context: CommandContext,
  names: readonly string[],
  { outputFile, agents = true, timeout }: GatherLogsOptions,
): Promise<number> {
  const { progress, terminal, format, signal } = context;
  const now = new Date();
  const root = `fairlead-logs-${now.toISOString().replace(/[:.]/g, '-').toLowerCase()}`;
  const file = resolve(outputFile ?? `${root}.tar.gz`);
  progress.step('connecting');
  await using view = await openView(context.cluster(), context);
  const pieces: DiagnosticPiece[] = [clientFacts(context, view)];
  const timeoutMs = parseSeconds('--timeout', timeout);
  pieces.push(await looked('preflight.json', () => view.preflight({ signal: signalFor(signal, timeoutMs) }), signal));
  const workloads = agents ? await chosen(view, names, signal) : [];
  for await (const piece of view.diagnostics({ workloads, timeoutMs, signal })) {
    progress.step(`gathering ${piece.path}`);
    pieces.push(piece);
  }
  const files = pieces.map(
    ({ path, text, note }): GatheredFile => ({ path, bytes: Buffer.byteLength(text), ...(note && { note }) }),
  );
  const all: readonly DiagnosticPiece[] = [
    { path: 'index.json', text: `${JSON.stringify({ at: now.toISOString(), files }, null, 2)}\n` },
    ...pieces,
  ];
  await write(
    file,
    all.map(({ path, text, note }) => ({
      path: `${root}/${path}`,
      bytes: Buffer.from(text === '' && note ? `${note}\n` : text),
    })),
    now,
  );
  const missing = files.filter(({ bytes, note }) => bytes === 0 && note).length;
  progress.done(`${file}: ${files.length} files${missing > 0 ? `, of which ${missing} could not be read` : ''}`);
  printDocument(terminal, format, { path: file, files }, () => '');
  if (format === 'text')
    progress.note('secrets are taken out as far as they can be told; look into it before you send it');
  return 0;
}

async function chosen(
  view: ClusterView,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly WorkloadKey[] | undefined> {
  if (names.length === 0) return undefined;
  return await Promise.all(
    names.map(async (name) => {
      const { namespace, kind, name: found } = await view.workload(name, { signal });
      return { namespace, kind, name: found };
    }),
  );
}

/** What is known without the cluster. */
function clientFacts(context: CommandContext, view: ClusterView): DiagnosticPiece {
  const facts = {
    version: packageVersion,
    wire: wireVersion,
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
    owner: sessionOwner(),
    cluster: context.cluster().name,
    namespace: view.namespace,
    // Names only: what they hold may be a secret.
    variables: Object.keys(process.env).filter((name) => /^(?:FAIRLEAD_|KUBE|HTTPS?_PROXY$|NO_PROXY$)/i.test(name)),
  };
  return { path: 'client.json', text: `${JSON.stringify(facts, null, 2)}\n` };
}

async function looked(path: string, look: () => Promise<unknown>, signal: AbortSignal): Promise<DiagnosticPiece> {
  try {
    return { path, text: `${JSON.stringify(new Redactor().data(await look()), null, 2)}\n` };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = FairleadError.from(error, 'timeout');
    return { path, text: '', note: `${code}: ${message}` };
  }
}

function signalFor(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}

async function write(file: string, files: readonly ArchiveFile[], now: Date): Promise<void> {
  const bytes = await promisify(gzip)(tarOf(files, now));
  try {
    await writeFile(file, bytes, { mode: 0o600 });
  } catch (error) {
    throw new FairleadError('bad-request', `cannot write ${file}: ${(error as Error).message}`, {
      phase: 'input',
      hint: 'Name another place with --output-file.',
      cause: error,
    });
  }
}
