import { stringify } from 'yaml';
import { streamLine } from './stream-event.ts';
import type { Terminal } from './terminal.ts';

/** How a command prints its result: for people, as one document, or as a line for each thing that happens. */
export type OutputFormat = 'text' | 'json' | 'yaml' | 'json-stream';

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
    case 'json-stream':
      terminal.out(streamLine({ type: 'result', result: value }));
      return;
    case 'yaml':
      terminal.out(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
      return;
    case 'text':
      terminal.out(asText(value));
  }
}
