import { stringify } from 'yaml';
import { type OutputFormat, printDocument } from './print-document.ts';
import type { Terminal } from './terminal.ts';

/** Kubernetes objects: as JSON one `List`, as kubectl prints it; else YAML documents that kubectl can apply. */
export function printObjects(terminal: Terminal, format: OutputFormat, objects: readonly object[]): void {
  if (format === 'json' || format === 'json-stream') {
    printDocument(terminal, format, { apiVersion: 'v1', kind: 'List', items: objects }, () => '');
    return;
  }
  const documents = objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  terminal.out(documents.join('---\n'));
}
