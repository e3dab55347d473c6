import type { EnvironmentOptions, InterceptEnvironment } from '../environment/intercept-environment.ts';
import type { InterceptOptions } from '../intercept-options.ts';
import type { ProgramOptions } from './running-program.ts';

/** How a program is run with the environment of an intercepted container. */
export interface RunOptions extends EnvironmentOptions, Pick<ProgramOptions, 'cwd' | 'stdio' | 'graceMs'> {
  /** Above all other variables; undefined takes one away. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The pod's variables, as they were told before; false: none of them. Default: they are asked for. */
  readonly podEnvironment?: Pick<InterceptEnvironment, 'variables'> | false | undefined;
}

/** The same together with the intercept whose traffic the program gets. */
export interface SessionRunOptions extends RunOptions {
  readonly intercept: InterceptOptions;
}
