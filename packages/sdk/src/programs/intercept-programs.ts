import { FairleadError } from '@fairlead/core';
import type { EnvironmentOptions, InterceptEnvironment } from '../environment/intercept-environment.ts';
import type { WantedPort } from '../parse-intercept.ts';
import { programEnvironment } from './program-environment.ts';
import type { RunOptions } from './run-options.ts';
import { RunningProgram } from './running-program.ts';

/** What the programs of an intercept are started with. */
export interface InterceptProgramsParts {
  readonly ports: readonly WantedPort[];
  readonly environment: (options: EnvironmentOptions) => Promise<InterceptEnvironment>;
}

/** The programs that run on behalf of an intercept. They end with it. */
export class InterceptPrograms {
  readonly #parts: InterceptProgramsParts;
  readonly #running = new Set<RunningProgram>();
  #isOver = false;

  constructor(parts: InterceptProgramsParts) {
    this.#parts = parts;
  }

  /** Starts a program. Fails as asking for the environment does, with `bad-request`, or `closed` when the intercept ended. */
  async run(command: readonly string[], options: RunOptions): Promise<RunningProgram> {
    const { podEnvironment, environment = {}, cwd, stdio, graceMs, signal } = options;
    const pod = podEnvironment || podEnvironment === false ? podEnvironment : await this.#parts.environment(options);
    this.#refuseLate();
    const port = localPort(this.#parts.ports);
    const program = await RunningProgram.start({
      command,
      environment: programEnvironment({ local: process.env, pod: pod ? pod.variables : {}, port, own: environment }),
      cwd,
      stdio,
      graceMs,
      signal,
    });
    this.#running.add(program);
    void program.exited.then(() => this.#running.delete(program));
    if (this.#isOver) await program.stop();
    this.#refuseLate();
    return program;
  }

  /** Ends all of them, and lets no other start. Never rejects. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#running].map((program) => program.stop()));
  }

  #refuseLate(): void {
    if (this.#isOver) throw new FairleadError('closed', 'the intercept has ended', { phase: 'serve' });
  }
}

/** The port of this machine that gets the traffic, where it is one. */
function localPort(ports: readonly WantedPort[]): number | undefined {
  const targets = ports.flatMap(({ server }) => ('to' in server ? [server.to.port] : []));
  const [port, ...others] = new Set(targets);
  return others.length === 0 ? port : undefined;
}
