import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatEnvironment, type Intercept } from '@fairlead/sdk';
import { type DockerRunParts, dockerRunLine, usesHostPorts } from './docker-run-line.ts';
import { inForeground } from './in-foreground.ts';

/** What a container is run with. */
export interface ContainerRun extends Pick<DockerRunParts, 'docker' | 'ports' | 'volumes'> {
  readonly variables: Readonly<Record<string, string>>;
}

/** How long Docker may take to remove a container that its client was torn from, in milliseconds. */
const removeMs = 5_000;

/**
 * Runs a container until it ends or the signal aborts, and leaves neither it nor the file with its environment behind.
 * Resolves to its exit status. Fails with `bad-request` when there is no Docker.
 */
export async function runContainer(held: Intercept, run: ContainerRun, signal: AbortSignal): Promise<number> {
  const { docker, ports } = run;
  const name = docker.name ?? `fairlead-${held.name}`;
  const served = usesHostPorts(docker) ? ports[0]?.local : ports[0]?.container;
  const variables: Readonly<Record<string, string>> = {
    ...(served !== undefined && ports.length === 1 && { PORT: String(served) }),
    ...run.variables,
  };
  const { text, omitted } = formatEnvironment(variables, 'docker');
  const handedOn = omitted.map((each) => each.name);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-docker-'));
  const envFile = join(folder, 'env');
  let mayRun = false;
  const clear = (): void => {
    rmSync(folder, { recursive: true, force: true });
    if (mayRun) spawnSync('docker', ['rm', '--force', name], { stdio: 'ignore', timeout: removeMs });
  };
  // Also where nobody waits any more, as after a second Ctrl-C.
  process.once('exit', clear);
  try {
    writeFileSync(envFile, text, { mode: 0o600 });
    await using program = await held.run([...dockerRunLine({ ...run, name, envFile, handedOn })], {
      podEnvironment: false,
      environment: Object.fromEntries(handedOn.map((each) => [each, variables[each]])),
    });
    mayRun = true;
    const exit = await inForeground(program, signal);
    // The container has outlived a client that was killed.
    mayRun = exit.signal !== undefined;
    return exit.status;
  } finally {
    process.removeListener('exit', clear);
    clear();
  }
}
