#!/usr/bin/env node
import { processTerminal } from './output/terminal.ts';
import { runProgram } from './program.ts';

/** The first signal asks the command to end; a second one, of an impatient person, ends the process at once. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`ended by ${name}`));
    });
  }
  return controller.signal;
}

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: processTerminal(),
  signal: interruptSignal(),
});
