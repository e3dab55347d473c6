import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { FairleadError } from '@fairlead/core';

/**
 * Runs a program on this terminal until it ends. When the signal aborts, the program is asked to end and gets 5 s.
 * Resolves to its exit status, 128 + number for a signal; fails with `bad-request` when it cannot be started.
 */
export function runChild(command: readonly string[], signal: AbortSignal): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    let forced: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      forced = setTimeout(() => child.kill('SIGKILL'), 5_000);
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const settled = (): void => {
      signal.removeEventListener('abort', end);
      clearTimeout(forced);
    };
    child.once('error', (cause) => {
      settled();
      reject(new FairleadError('bad-request', `${program} could not be started: ${cause.message}`, { cause }));
    });
    child.once('close', (code, name) => {
      settled();
      resolve(code ?? 128 + (name ? constants.signals[name] : 0));
    });
  });
}
