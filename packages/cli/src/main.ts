import { Interruption } from './interruption.ts';
import { processTerminal } from './output/terminal.ts';
import { runProgram } from './program.ts';

/** The first signal asks the command to end; a second one, of an impatient person, ends the process at once. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Interruption(name));
    });
  }
  // Whoever reads has read enough, as `head` does: the command ends in order, and nothing has failed.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      controller.abort(new Error('nobody reads the output any more'));
    });
  }
  return controller.signal;
}

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: processTerminal(),
  signal: interruptSignal(),
  env: process.env,
});
