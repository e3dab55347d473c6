import { resolve } from 'node:path';
import { formatConnection, formatMatch, formatWorkload } from '@fairlead/core';
import { checkMount, connect, type Intercept, type Session } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { describeProgress } from '../describe-progress.ts';
import { type LocalPort, publishedPorts, withTargets } from '../local-ports.ts';
import { parseMountArgument } from '../mount-argument.ts';
import { parseSeconds } from '../number-argument.ts';
import { printDocument } from '../output/print-document.ts';
import { streamIntercept } from '../output/stream-intercept.ts';
import { volumesBelow } from '../programs/docker-run-line.ts';
import { handOutEnvironment } from '../programs/hand-out-environment.ts';
import { inForeground } from '../programs/in-foreground.ts';
import { mountVolumes } from '../programs/mount-volumes.ts';
import { type ProgramArguments, readProgram, type WantedProgram } from '../programs/program-arguments.ts';
import { runContainer } from '../programs/run-container.ts';
import { readTraffic, type TrafficArguments } from '../traffic-arguments.ts';
import { untilAborted } from '../until-aborted.ts';
import { dryRunIntercept } from './dry-run-intercept.ts';

interface InterceptCommandOptions extends TrafficArguments, ProgramArguments {
  readonly to?: string;
  readonly cut?: boolean;
  readonly removeAgent?: boolean;
  readonly timeout: string;
  readonly mount?: string;
  readonly dryRun?: boolean;
}

/** `fairlead intercept`: holds an intercept until Ctrl-C, or until the program after `--` ends; its exit status then. */
export async function intercept(
  context: CommandContext,
  workload: string,
  command: readonly string[],
  options: InterceptCommandOptions,
): Promise<number> {
  const traffic = readTraffic(options);
  const program = readProgram(command, options);
  const timeoutMs = parseSeconds('--timeout', options.timeout);
  const wantedMount = options.mount === undefined ? undefined : parseMountArgument(options.mount);
  if (options.dryRun)
    return await dryRunIntercept(
      context,
      workload,
      { ...traffic, to: options.to, findsContainerPorts: true },
      program,
      wantedMount && resolve(wantedMount.directory),
    );
  if (wantedMount) await checkMount(wantedMount.directory);
  const { progress, signal } = context;
  progress.step(`connecting`);
  await using session = await connect(context.cluster(), context);
  const ports = await withTargets(session, workload, {
    ...traffic,
    to: options.to,
    findsContainerPorts: program.docker !== undefined,
  });
  progress.step(`preparing ${workload}`);
  await using held = await session.intercept({
    workload,
    ports,
    service: traffic.service,
    container: traffic.container,
    match: traffic.match,
    toggle: options.cut ? 'cut' : 'drain',
    removeAgent: options.removeAgent,
    timeoutMs,
    signal,
    onProgress: (stage) => {
      context.tell({ type: 'progress', ...stage });
      progress.step(`preparing ${workload}: ${describeProgress(stage)}`);
    },
  });
  progress.done(`${held.name} is active: ${describeTraffic(held, ports)}`);
  follow(context, session, held);
  const isDocument = context.format === 'json' || context.format === 'yaml';
  if (isDocument) printDocument(context.terminal, context.format, summary(held, ports), () => '');
  const lost = new Promise<never>((_, reject) => held.events.once('lost', reject));
  const mounting = wantedMount && mountVolumes(context, held, wantedMount, program.container);
  const mount = await Promise.race([mounting, lost]);
  const running = runPrograms(context, held, ports, program, mount?.directory);
  const status = await Promise.race([running, lost]);
  if (status !== undefined) return status;
  progress.note('Ctrl-C gives the traffic back');
  await Promise.race([untilAborted(signal), lost]);
  return 0;
}

/** Tells what happens to the intercept: people the few things that they may wonder about, programs everything. */
function follow({ progress, tell }: CommandContext, session: Session, held: Intercept): void {
  tell({ type: 'active', intercept: streamIntercept(held) });
  held.events.on('target-unreachable', (error) => {
    tell({ type: 'target-unreachable', error: error.serialize() });
    progress.note(`${error.message}; the app answered`);
  });
  held.events.on('phase', (phase) => {
    tell({ type: 'phase', name: held.name, phase });
    progress.note(`${held.name} is ${phase}`);
  });
  held.events.on('call', (call) => {
    void call.answered().then((answer) => {
      const { method, url } = call.request;
      tell({ type: 'call', number: call.number, method, url, pod: call.pod, ...answer });
    });
  });
  session.events.on('interrupted', () => tell({ type: 'connection', state: 'interrupted' }));
  session.events.on('resumed', () => tell({ type: 'connection', state: 'resumed' }));
}

/**
 * Hands out the environment and runs what is to be run. `root` is where the container's volumes are on this machine. Resolves
 * to the exit status; undefined when nothing is run.
 */
async function runPrograms(
  context: CommandContext,
  held: Intercept,
  ports: readonly LocalPort[],
  { files, container, podEnvironment, command, cwd, docker }: WantedProgram,
  root?: string,
): Promise<number | undefined> {
  const { signal } = context;
  const isRun = command.length > 0 || docker !== undefined;
  const isAsked = files.length > 0 || (isRun && podEnvironment);
  // In a container of its own the volumes are where the pod's has them.
  const where = docker ? undefined : root;
  const environment = isAsked ? await held.env({ container, root: where, signal }) : undefined;
  if (environment) await handOutEnvironment(context, environment, files);
  if (!isRun) return undefined;
  const given = (podEnvironment && environment) || false;
  if (docker) {
    // What stays in the pod is not below the root.
    const volumesThere = root === undefined ? [] : await held.filesOf({ container }).volumes({ signal });
    const shared = volumesThere.filter(({ access }) => access.startsWith('read')).map(({ path }) => path);
    const volumes = volumesBelow(root, shared);
    const run = { docker, variables: given ? given.variables : {}, ports: publishedPorts(ports), volumes };
    return await runContainer(held, run, signal);
  }
  remarkOnPort(context, ports, given ? given.variables.PORT : undefined);
  const program = await held.run(command, { podEnvironment: given, cwd });
  return (await inForeground(program, signal)).status;
}

/** A program that listens where the pod's does would get none of the traffic. */
function remarkOnPort({ progress }: CommandContext, ports: readonly LocalPort[], said: string | undefined): void {
  const targets = ports.map(({ to }) => formatLocal(to));
  if (said !== undefined && !targets.some((target) => target.endsWith(`:${said}`)))
    progress.note(`PORT is ${said} in the pod, the traffic goes to ${targets.join(', ')}`);
}

function describeTraffic(held: Intercept, ports: readonly LocalPort[]): string {
  const which = held.spec.match ? `requests with ${formatMatch(held.spec.match)}` : 'all traffic';
  const from = held.connections.map(formatConnection);
  return `${which} of ${formatWorkload(held.spec.workload)} (${from.join(', ')}) → ${ports.map(({ to }) => formatLocal(to)).join(', ')}`;
}

/** A target as it was written: a port of this machine, or an address. */
function formatLocal(to: LocalPort['to']): string {
  return typeof to === 'number' ? `127.0.0.1:${to}` : (to ?? 'nowhere');
}

function summary(held: Intercept, ports: readonly LocalPort[]) {
  const { name, namespace, spec, connections, replicas } = held;
  return { name, namespace, spec, connections, replicas, targets: ports.map(({ to }) => to) };
}
