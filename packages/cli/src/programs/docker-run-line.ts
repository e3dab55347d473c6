import { posix } from 'node:path';
import type { DockerArguments } from './docker-arguments.ts';

/** A local port and the port of the container that gets its traffic. */
export interface PublishedPort {
  readonly local: number;
  readonly container: number;
}

/** What a `docker run` is made from. */
export interface DockerRunParts {
  readonly docker: DockerArguments;
  /** The container's name where the options give none. */
  readonly name: string;
  /** The env file; undefined: none. */
  readonly envFile: string | undefined;
  /** Variables that Docker takes from its own environment, for an env file cannot hold them. */
  readonly handedOn: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** Directories of this machine by where the container sees them. */
  readonly volumes: readonly { readonly from: string; readonly to: string }[];
}

/** Whether the container has this machine's ports, so that there is nothing to publish. */
export function usesHostPorts({ network }: Pick<DockerArguments, 'network'>): boolean {
  return network === 'host';
}

/** The command line. What a person wrote stands behind what Fairlead adds, so that it counts where both say something. */
export function dockerRunLine(parts: DockerRunParts): readonly string[] {
  const { docker, name, envFile, handedOn, ports, volumes } = parts;
  const published = docker.publishes || usesHostPorts(docker) ? [] : ports;
  return [
    'docker',
    'run',
    '--rm',
    '--name',
    docker.name ?? name,
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    ...handedOn.flatMap((variable) => ['--env', variable]),
    ...published.flatMap(({ local, container }) => ['--publish', `127.0.0.1:${local}:${container}`]),
    ...volumes.flatMap(({ from, to }) => ['--volume', `${from}:${to}`]),
    ...(docker.network === undefined ? [] : ['--network', docker.network]),
    ...docker.options,
    docker.image,
    ...docker.command,
  ];
}

/** The volumes that bring what is mounted below `root` to where the pod's container has it. */
export function volumesBelow(root: string | undefined, mounts: readonly string[]): DockerRunParts['volumes'] {
  if (root === undefined) return [];
  return mounts.map((mount) => ({ from: posix.join(root, mount), to: mount }));
}

/** A command line as a shell would read it. */
export function quoteLine(line: readonly string[]): string {
  return line.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
