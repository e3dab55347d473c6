import { spawn } from 'node:child_process';
import { FairleadError } from '@fairlead/core';

/** Longer than any of these programs takes, also when it waits for another one. */
const limitMs = 20_000;
const maxSaid = 2_000;

/** How a program ended. */
export interface ProgramResult {
  readonly code: number;
  /** What it complained of. */
  readonly said: string;
}

/** Runs a program to its end. Fails with `unsupported` when there is no such program, `timeout` when it does not end. */
export type RunProgram = (program: string, args: readonly string[], input?: string) => Promise<ProgramResult>;

/** Runs programs of this machine. */
export const runProgram: RunProgram = (program, args, input = '') => {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: limitMs, killSignal: 'SIGKILL' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, maxSaid);
    });
    child.once('error', (cause) => {
      reject(new FairleadError('unsupported', `cannot run ${program}: ${cause.message}`, { cause }));
    });
    child.once('close', (code) => {
      if (code === null) reject(new FairleadError('timeout', `${program} did not end in ${limitMs / 1_000} s`));
      else resolve({ code, said: said.trim() });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
};
