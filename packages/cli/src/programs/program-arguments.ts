import { FairleadError } from '@fairlead/core';
import type { EnvironmentSyntax } from '@fairlead/sdk';
import { type DockerArguments, readDockerArguments } from './docker-arguments.ts';

/** The options with which `intercept` says what to do with the pod's environment, and how to run a program. */
export interface ProgramArguments {
  /** False by `--no-env`. */
  readonly env?: boolean;
  readonly envSave?: string;
  /** Another name of `envSave`. */
  readonly envFile?: string;
  readonly envSyntax?: 'docker' | 'sh' | 'ps';
  readonly envJson?: string;
  readonly envContainer?: string;
  readonly cwd?: string;
  readonly dockerRun?: boolean;
  readonly dockerImage?: string;
  readonly dockerNetwork?: string;
}

/** A file that gets the environment. */
export interface EnvironmentFile {
  readonly path: string;
  readonly syntax: EnvironmentSyntax;
}

/** What is to be run, and what it gets. */
export interface WantedProgram {
  readonly files: readonly EnvironmentFile[];
  /** Undefined: that of the intercepted port. */
  readonly container: string | undefined;
  readonly podEnvironment: boolean;
  /** Empty when nothing is run, or a container is. */
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  readonly docker: DockerArguments | undefined;
}

/** Reads the options and what is behind `--`. Fails with `bad-request`. */
export function readProgram(command: readonly string[], options: ProgramArguments): WantedProgram {
  const { envFile, envSave = envFile, envSyntax, envJson, envContainer, cwd, dockerImage, dockerNetwork } = options;
  if (envSyntax !== undefined && envSave === undefined) throw bad('--env-syntax needs --env-save');
  const isDocker = options.dockerRun === true || dockerImage !== undefined;
  if (dockerNetwork !== undefined && !isDocker) throw bad('--docker-network needs --docker-run');
  if (cwd !== undefined && (isDocker || command.length === 0)) throw bad('--cwd needs a program after --');
  return {
    files: [
      ...(envSave === undefined ? [] : [{ path: envSave, syntax: envSyntax ?? 'docker' }]),
      ...(envJson === undefined ? [] : [{ path: envJson, syntax: 'json' } as const]),
    ],
    container: envContainer,
    podEnvironment: options.env !== false,
    command: isDocker ? [] : command,
    cwd,
    docker: isDocker ? readDockerArguments(command, { image: dockerImage, network: dockerNetwork }) : undefined,
  };
}

function bad(message: string): FairleadError {
  return new FairleadError('bad-request', message, { phase: 'input' });
}
