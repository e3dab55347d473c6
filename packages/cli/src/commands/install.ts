import type { Installed, InstallOptions, InstallProgress } from '@fairlead/install';
import type { KubernetesConnection } from '@fairlead/k8s-adapter';
import type { CommandContext } from '../context.ts';
import { type InstallArguments, readInstallArguments } from '../install-arguments.ts';
import { parseSeconds } from '../number-argument.ts';
import { printDocument } from '../output/print-document.ts';
import { printObjects } from '../output/print-objects.ts';
import { removeAgents } from './remove-agents.ts';

/** Options that install, upgrade and uninstall share. */
interface CommonOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly dryRun?: boolean;
  readonly timeout?: string;
}

interface UninstallCommandOptions extends CommonOptions {
  readonly namespace?: string;
  readonly force?: boolean;
  /** Not the installation, but the agents of these workloads. */
  readonly agent?: readonly string[];
}

/** `fairlead install`: with `--dry-run` only prints the objects. */
export async function install(context: CommandContext, said: CommonOptions & InstallArguments): Promise<number> {
  return await bringAbout('install', context, said);
}

/** `fairlead upgrade`: options that are not named stay as they were. */
export async function upgrade(context: CommandContext, said: CommonOptions & InstallArguments): Promise<number> {
  return await bringAbout('upgrade', context, said);
}

/** `fairlead uninstall`: frees pods of their agents, then deletes what was installed. */
export async function uninstall(context: CommandContext, said: UninstallCommandOptions): Promise<number> {
  if (said.agent) return await removeAgents(context, said.agent, timeoutOf(said));
  const { progress, terminal, format, signal } = context;
  const installing = await import('@fairlead/install');
  const { namespace, force } = said;
  if (said.dryRun) {
    printObjects(
      context.terminal,
      context.format,
      [...installing.installObjects(namespace === undefined ? {} : { namespace })].reverse(),
    );
    return 0;
  }
  await using connection = await connectTo(said);
  const done = await installing.uninstall(connection, {
    namespace,
    force,
    signal,
    timeoutMs: timeoutOf(said),
    onProgress: (stage) => progress.step(describe(stage)),
  });
  progress.done(
    done.objects === 0 ? `nothing is installed in ${done.namespace}` : `uninstalled from ${done.namespace}`,
  );
  printDocument(terminal, format, done, () => '');
  return 0;
}

async function bringAbout(
  how: 'install' | 'upgrade',
  context: CommandContext,
  said: CommonOptions & InstallArguments,
): Promise<number> {
  const { progress, terminal, format, signal } = context;
  const installing = await import('@fairlead/install');
  const options: InstallOptions = await readInstallArguments(said);
  if (said.dryRun) {
    printObjects(context.terminal, context.format, installing.installObjects(options));
    return 0;
  }
  await using connection = await connectTo(said);
  const done = await installing[how](connection, options, {
    signal,
    timeoutMs: timeoutOf(said),
    onProgress: (stage) => progress.step(describe(stage)),
  });
  progress.done(`the traffic-manager in ${done.namespace} is ready`);
  printDocument(terminal, format, done, nextSteps);
  return 0;
}

async function connectTo({ kubeconfig, context }: CommonOptions): Promise<KubernetesConnection> {
  const { connectKubernetes } = await import('@fairlead/k8s-adapter');
  return await connectKubernetes({ kubeconfig, context });
}

function timeoutOf({ timeout }: CommonOptions): number | undefined {
  return timeout === undefined ? undefined : parseSeconds('--timeout', timeout);
}

function describe({ stage, total }: InstallProgress): string {
  switch (stage) {
    case 'applying':
      return `applying ${total} objects`;
    case 'waiting':
      return 'waiting until the traffic-manager and the injector are ready';
    case 'hook':
      return 'bringing the agents in pods up to date';
    case 'deleting':
      return `deleting ${total} objects`;
  }
}

function nextSteps({ namespace, namespaces }: Installed): string {
  const where = namespaces[0] ?? 'NAMESPACE';
  return [
    `Fairlead is installed in ${namespace}, for ${namespaces.length === 0 ? 'every namespace' : namespaces.join(', ')}.`,
    'Whoever may edit a namespace may intercept there; all they need beside it is the way to the traffic-manager:',
    `  kubectl -n ${namespace} create rolebinding fairlead-connect-NAME --role=fairlead-connect --user=NAME`,
    'Then, for example:',
    `  fairlead list -n ${where}`,
    '',
  ].join('\n');
}
