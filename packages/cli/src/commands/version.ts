import { wireVersion } from '@fairlead/core';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';
import { packageVersion } from '../package-version.ts';

/** `fairlead version`: of the command, the wire and the Node that runs it. */
export function version(context: CommandContext): number {
  const facts = { version: packageVersion, wire: wireVersion, node: process.versions.node };
  printDocument(
    context.terminal,
    context.format,
    facts,
    (f) => `fairlead ${f.version} (wire ${f.wire}, node ${f.node})\n`,
  );
  return 0;
}
