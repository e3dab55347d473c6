import type { ProgramExit, RunningProgram } from '@fairlead/sdk';
import { Interruption } from '../interruption.ts';

/** Waits for a program; passes on the signal that ends the command, and makes the program end. */
export async function inForeground(program: RunningProgram, signal: AbortSignal): Promise<ProgramExit> {
  const end = (): void => {
    const name = signal.reason instanceof Interruption ? signal.reason.signal : 'SIGTERM';
    // Ctrl-C on a terminal goes to everybody there. A second one would mean impatience.
    void program.stop({ signal: name, wasSent: name === 'SIGINT' && !program.hasGroup });
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await program.exited;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
