import { existsSync } from 'node:fs';
import path from 'node:path';
import { agentContainerName, type Container, FairleadError, type PodSpec, type StringMap } from '@fairlead/core';
import { initContainerName } from '@fairlead/webhook';
import { networkVariable, type ProcessNetwork } from '../network/name-table.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import { preloadOptions } from '../network/preload.ts';
import type { TransportPort } from '../network/target-port.ts';
import { containerEnvironment } from '../processes/container-environment.ts';
import type { ContainerPlan } from '../processes/container-plan.ts';
import { expandVariables } from '../processes/expand-variables.ts';
import { Mounts } from '../processes/mounts.ts';
import type { PodFacts } from '../processes/pod-facts.ts';
import type { AgentLaunch } from './agent-launch.ts';
import { hostEnvironment } from './host-environment.ts';
import { declaredPorts } from './pod-ports.ts';

/** What the containers of a pod are made from. */
export interface PodParts {
  readonly spec: PodSpec;
  readonly facts: PodFacts;
  readonly network: PodNetwork;
  /** The directory of each volume. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Where relative paths of the manifest start. */
  readonly directory: string;
  /** What is told about Services. */
  readonly services: StringMap;
  /** The file with the names of the cluster. */
  readonly namesFile: string;
  /** Container ports that Services lead to. */
  readonly servedPorts: readonly TransportPort[];
  readonly agent: AgentLaunch | undefined;
}

/** The pod's init containers and containers, ready to run. Fails with `bad-manifest` where one cannot be. */
export async function prepareContainers(
  parts: PodParts,
): Promise<{ readonly inits: readonly ContainerPlan[]; readonly containers: readonly ContainerPlan[] }> {
  // Packet rules are the network table's business here.
  const wanted = (parts.spec.initContainers ?? []).filter(({ name }) => name !== initContainerName);
  const inits: ContainerPlan[] = [];
  for (const container of wanted) inits.push(await prepare(container, parts));
  const containers: ContainerPlan[] = [];
  for (const container of parts.spec.containers) containers.push(await prepare(container, parts));
  return { inits, containers };
}

async function prepare(container: Container, parts: PodParts): Promise<ContainerPlan> {
  const agent = container.name === agentContainerName ? parts.agent : undefined;
  const base = { ...hostEnvironment(), ...parts.services, ...podVariables(container, parts) };
  const variables = await containerEnvironment(container, parts.facts, base);
  const mounts = Mounts.of(container, parts.volumes, variables);
  await mounts.makeDirectories();
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...variables, ...agent?.environment })) {
    environment[name] = mounts.lead(value);
  }
  if (Object.keys(mounts.directories).length > 0) environment.FAIRLEAD_MOUNTS = JSON.stringify(mounts.directories);
  const own = (container.env ?? []).some(({ name }) => name === 'NODE_OPTIONS');
  if (own) environment.NODE_OPTIONS = `${preloadOptions()} ${environment.NODE_OPTIONS}`;
  const written = [...(agent?.command ?? container.command ?? []), ...(container.args ?? [])];
  if ((agent?.command ?? container.command ?? []).length === 0) throw noCommand(container, parts);
  return {
    container,
    command: written.map((text) => mounts.lead(expandVariables(text, environment))),
    directory: directoryOf(container, parts, mounts),
    environment,
    servedPorts: declaredPorts(container).filter(({ port, protocol }) =>
      parts.servedPorts.some((served) => served.port === port && served.protocol === protocol),
    ),
  };
}

function podVariables(container: Container, { facts, network, namesFile }: PodParts): Record<string, string> {
  const isAgent = container.name === agentContainerName;
  const process: ProcessNetwork = {
    host: network.host,
    // The relay knows by it whose connection it is.
    ...(isAgent && { source: network.host }),
    ports: Object.fromEntries(network.ports),
    names: namesFile,
  };
  const declared = declaredPorts(container);
  const tcp = declared.filter(({ protocol }) => protocol === 'TCP');
  const [only, ...others] = tcp.length > 0 ? tcp : declared;
  const isOnly = only !== undefined && others.length === 0 && !isAgent;
  return {
    HOSTNAME: facts.name,
    HOST: network.host,
    POD_IP: network.host,
    ...(isOnly && { PORT: String(network.inside(only.port).port) }),
    NODE_OPTIONS: preloadOptions(),
    [networkVariable]: JSON.stringify(process),
  };
}

function directoryOf(container: Container, { facts, directory }: PodParts, mounts: Mounts): string {
  const wanted = path.resolve(directory, mounts.lead(container.workingDir ?? '.'));
  if (existsSync(wanted)) return wanted;
  const message = `pod ${facts.name}, container ${container.name}: workingDir ${container.workingDir} is not there`;
  throw new FairleadError('bad-manifest', message, { hint: 'Give a path relative to the manifest.' });
}

function noCommand(container: Container, { facts }: PodParts): FairleadError {
  const message = `pod ${facts.name}, container ${container.name}: has an image but no command`;
  return new FairleadError('bad-manifest', message, {
    hint: 'The embedded cluster runs processes, not images: give the container a command.',
  });
}
