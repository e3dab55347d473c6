import { stringify } from 'yaml';
import type { Terminal } from './terminal.ts';

/** How a command prints its result: for people, or as one document. */
export type OutputFormat = 'text' | 'json' | 'yaml';

/** Prints one value: as JSON or YAML whole, as text through `asText`. */
export function printDocument<T>(
  terminal: Terminal,
  format: OutputFormat,
  value: T,
  asText: (value: T) => string,
): void {
  switch (format) {
    case 'json':
      terminal.out(`${JSON.stringify(value, null, 2)}\n`);
      return;
    case 'yaml':
      terminal.out(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
      return;
    case 'text':
      terminal.out(asText(value));
  }
}
