import type { Intercept } from '../intercept.ts';
import type { InterceptOptions } from '../intercept-options.ts';
import type { SessionRunOptions } from './run-options.ts';
import type { ProgramExit, RunningProgram } from './running-program.ts';

/** A program and the intercept whose traffic it gets. Each ends with the other. */
export interface InterceptedProgram extends AsyncDisposable {
  readonly intercept: Intercept;
  readonly program: RunningProgram;
  /** Resolves when the program has ended and the intercept was left. Never rejects. */
  readonly finished: Promise<ProgramExit>;
}

/** Takes the traffic over, then starts the program. Leaves nothing behind when either fails. */
export async function runInSession(
  open: (options: InterceptOptions) => Promise<Intercept>,
  command: readonly string[],
  { intercept: wanted, ...options }: SessionRunOptions,
): Promise<InterceptedProgram> {
  const { signal } = options;
  const intercept = await open(signal === undefined ? wanted : { ...wanted, signal });
  let program: RunningProgram;
  try {
    program = await intercept.run(command, options);
  } catch (error) {
    await intercept.leave({ graceMs: 0 });
    throw error;
  }
  const finished = program.exited.then(async (exit) => {
    await intercept.leave();
    return exit;
  });
  return {
    intercept,
    program,
    finished,
    async [Symbol.asyncDispose]() {
      await program.stop();
      await finished;
    },
  };
}
