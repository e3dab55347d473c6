import { type Document, isCollection, isNode, LineCounter, parseAllDocuments, type ScalarTag } from 'yaml';
import type { ManifestPlace } from './manifest-set.ts';
import type { ManifestText } from './manifest-source.ts';
import type { Problems } from './problems.ts';

/** One document of a source. */
export interface ManifestDocument {
  readonly directory: string;
  /** Undefined for a document without content. */
  readonly value: unknown;
  /** The place of a field of it, or of the nearest thing around it that exists. */
  locate(path: readonly (string | number)[]): ManifestPlace;
}

/** How often all aliases of a document together may be followed: a bound on what a small text can grow to. */
const maxAliasCount = 1000;
/** The most documents in one file. */
const maxDocuments = 10_000;

/** Octal file modes as kubectl reads them: `0644` is 420. */
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  identify: (value) => typeof value === 'number',
  format: 'OCT',
  test: /^0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};

/** The documents of a text. What does not parse is noted as a problem and left out. */
export function parseDocuments(source: ManifestText, problems: Problems): ManifestDocument[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(source.text, {
    lineCounter: lines,
    merge: true,
    customTags: (tags) => [octal, ...tags],
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  if (documents.length > maxDocuments) {
    problems.add({ file: source.file, document: maxDocuments }, '', '', `more than ${maxDocuments} documents`);
    return [];
  }
  return documents.flatMap((document, index) => {
    const number = index + 1;
    const place = (offset: number | undefined): ManifestPlace => ({
      file: source.file,
      document: number,
      ...(!source.literal && offset !== undefined && { line: lines.linePos(offset).line }),
    });
    for (const error of document.errors) {
      problems.add(
        place(error.pos[0]),
        '',
        '',
        `not YAML: ${error.message.split('\n')[0]?.replace(/ at line.*$/, '')}`,
      );
    }
    if (document.errors.length > 0) return [];
    try {
      const value: unknown = document.toJS({ maxAliasCount });
      const locate = (path: readonly (string | number)[]): ManifestPlace => place(offsetOf(document, path));
      return [{ directory: source.directory, value, locate }];
    } catch (thrown) {
      problems.add(place(0), '', '', thrown instanceof Error ? thrown.message : String(thrown));
      return [];
    }
  });
}

function offsetOf(document: Document, path: readonly (string | number)[]): number | undefined {
  let node: unknown = document.contents;
  let found = isNode(node) ? node.range?.[0] : undefined;
  for (const step of path) {
    if (!isCollection(node)) break;
    node = node.get(step, true);
    if (isNode(node) && node.range) found = node.range[0];
  }
  return found;
}
