import { FairleadError } from '@fairlead/core';
import { exitStatus } from './exit-status.ts';
import { paint } from './paint.ts';
import type { OutputFormat } from './print-document.ts';
import { streamLine } from './stream-event.ts';
import type { Terminal } from './terminal.ts';

/**
 * Says on stderr what failed, what could be chosen and what to do next; with JSON output also as the one document on
 * stdout. Returns the exit status.
 */
export function reportFailure(thrown: unknown, terminal: Terminal, format: OutputFormat): number {
  const error = FairleadError.from(thrown);
  if (format === 'json-stream') {
    terminal.out(streamLine({ type: 'error', error: error.serialize() }));
    return exitStatus[error.category];
  }
  const colour = paint(terminal.hasColour);
  terminal.err(`${colour.red('error')}${colour.dim(`[${error.code}]`)}: ${error.message}\n`);
  for (const candidate of error.candidates ?? []) terminal.err(`  - ${candidate}\n`);
  terminal.err(`${colour.cyan('hint')}: ${error.hint}\n`);
  if (error.code === 'internal' && error.cause instanceof Error) terminal.err(`${error.cause.stack ?? ''}\n`);
  if (format === 'json') terminal.out(`${JSON.stringify({ error: error.serialize() }, null, 2)}\n`);
  return exitStatus[error.category];
}
