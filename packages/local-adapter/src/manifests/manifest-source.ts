import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CallOptions, compareText, FairleadError } from '@fairlead/core';

/**
 * Where manifests come from: the path of a YAML or JSON file or of a directory of such files, the text itself
 * (anything with a line break in it), or an object in the form of a manifest.
 */
export type ManifestSource = string | URL | { readonly text: string; readonly name?: string } | ManifestLiteral;

/** A manifest as an object of the program. */
export interface ManifestLiteral {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** A source that was read. */
export interface ManifestText {
  readonly file: string;
  readonly directory: string;
  readonly text: string;
  /** The text was made from an object: lines in it mean nothing to anybody. */
  readonly literal: boolean;
}

/** The largest file that is read. */
const maxFileBytes = 16 * 1024 * 1024;
const extensions = new Set(['.yaml', '.yml', '.json']);

/** Reads every source, files of a directory in name order. Fails with `bad-manifest` where one cannot be read. */
export async function readSources(
  sources: readonly ManifestSource[],
  options: CallOptions & { readonly cwd?: string } = {},
): Promise<readonly ManifestText[]> {
  const cwd = options.cwd ?? process.cwd();
  const texts: ManifestText[] = [];
  for (const [index, source] of sources.entries()) {
    options.signal?.throwIfAborted();
    const name = `manifest ${index + 1}`;
    if (typeof source === 'string' && source.includes('\n')) {
      texts.push({ file: name, directory: cwd, text: source, literal: false });
    } else if (typeof source === 'string' || source instanceof URL) {
      const given = typeof source === 'string' ? source : fileURLToPath(source);
      texts.push(...(await readPath(given, path.resolve(cwd, given), options)));
    } else if (isText(source)) {
      texts.push({ file: source.name ?? name, directory: cwd, text: source.text, literal: false });
    } else {
      texts.push({ file: name, directory: cwd, text: JSON.stringify(source), literal: true });
    }
  }
  return texts;
}

function isText(source: object): source is { readonly text: string; readonly name?: string } {
  return 'text' in source && !('kind' in source);
}

async function readPath(given: string, absolute: string, options: CallOptions): Promise<ManifestText[]> {
  try {
    const facts = await stat(absolute);
    if (!facts.isDirectory()) return [await readOne(given, absolute, facts.size, options)];
    const names = (await readdir(absolute)).filter((name) => extensions.has(path.extname(name))).sort(compareText);
    if (names.length === 0) throw new FairleadError('bad-manifest', `${given}: no .yaml, .yml or .json file in it`);
    const texts: ManifestText[] = [];
    for (const name of names) {
      const file = path.join(absolute, name);
      texts.push(await readOne(path.join(given, name), file, (await stat(file)).size, options));
    }
    return texts;
  } catch (thrown) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw FairleadError.from(thrown, 'bad-manifest', given);
  }
}

async function readOne(given: string, file: string, bytes: number, options: CallOptions): Promise<ManifestText> {
  if (bytes > maxFileBytes) {
    throw new FairleadError('bad-manifest', `${given}: ${bytes} bytes, more than the ${maxFileBytes} that are read`);
  }
  const text = await readFile(file, { encoding: 'utf8', ...(options.signal && { signal: options.signal }) });
  return { file: given, directory: path.dirname(file), text, literal: false };
}
