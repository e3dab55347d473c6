import { FairleadError } from '@fairlead/core';
import { Argument, Command, CommanderError, Option } from 'commander';
import { type ClusterOptions, clusterFromOptions } from './cluster-from-options.ts';
import { shells } from './completion/scripts.ts';
import { applySettings } from './config/apply-settings.ts';
import { type Environment, readSettings, type Settings } from './config/settings.ts';
import type { CommandContext } from './context.ts';
import { examples, examplesText } from './examples.ts';
import { exitStatus, interruptedStatus } from './output/exit-status.ts';
import type { OutputFormat } from './output/print-document.ts';
import { createProgress, type Progress } from './output/progress.ts';
import { reportFailure } from './output/report-failure.ts';
import { streamLine } from './output/stream-event.ts';
import type { Terminal } from './output/terminal.ts';
import { packageVersion } from './package-version.ts';

/** What the program needs from the process around it. */
export interface ProgramSurroundings {
  readonly terminal: Terminal;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Where settings are read from. Default: nowhere. */
  readonly env?: Environment;
}

const noSettings: Settings = { file: '', isFileThere: false, said: {} };

interface SharedOptions extends ClusterOptions {
  readonly output?: OutputFormat;
}

/** Runs one command line. Resolves to the exit status; never rejects. */
export async function runProgram(args: readonly string[], surroundings: ProgramSurroundings): Promise<number> {
  const status = await run(args, surroundings);
  if (formatIn(args) === 'json-stream') surroundings.terminal.out(streamLine({ type: 'end', status }));
  return status;
}

const formats: readonly OutputFormat[] = ['text', 'json', 'yaml', 'json-stream'];

/** The format that is asked for, also by a command line that cannot be read. What is behind `--` is somebody else's. */
function formatIn(args: readonly string[]): OutputFormat {
  const ours = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
  const asked = ours.flatMap((arg, at) => {
    const joined = /^(?:-o=?|--output=)(.+)$/.exec(arg)?.[1];
    return arg === '-o' || arg === '--output' ? (ours[at + 1] ?? '') : (joined ?? []);
  });
  return formats.find((format) => asked.at(-1) === format) ?? 'text';
}

/** A command line that cannot be read, with where to read on. */
function misread({ message }: CommanderError, args: readonly string[]): FairleadError {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const command = args.find((arg) => Object.keys(examples).some((name) => name.split(' ')[0] === arg));
  const meant = more.join(' ').replace(/^\(|\)$/g, '');
  const help = `See fairlead ${command === undefined ? '' : `${command} `}--help.`;
  return new FairleadError('bad-request', first, { phase: 'input', hint: [meant, help].filter(Boolean).join(' ') });
}

async function run(args: readonly string[], surroundings: ProgramSurroundings): Promise<number> {
  const { terminal, signal, env } = surroundings;
  let status = 0;
  let format: OutputFormat = formatIn(args);
  let progress: Progress | undefined;
  let settings: Settings = noSettings;

  /** Makes a command's action: builds its context, keeps the exit status it resolves to. */
  const action: ActionFactory =
    <Args extends unknown[]>(load: () => Promise<CommandBody<Args>>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      settings = env ? readSettings(env) : noSettings;
      applySettings(command, settings);
      const options = command.optsWithGlobals<SharedOptions>();
      format = options.output ?? 'text';
      progress = createProgress(terminal, { format });
      const context: CommandContext = {
        terminal,
        signal,
        format,
        progress,
        tell: (event) => {
          if (options.output === 'json-stream') terminal.out(streamLine(event));
        },
        settings,
        command,
        namespace: options.namespace,
        cluster: () => clusterFromOptions(options),
      };
      const body = await load();
      status = await body(context, ...(given.slice(0, -1) as Args));
    };

  const program = build(action, terminal);
  try {
    await program.parseAsync([...args], { from: 'user' });
    progress?.rest();
    return status;
  } catch (thrown) {
    progress?.rest();
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    // Nothing was said to do: help is shown already.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return exitStatus.user;
    if (thrown instanceof CommanderError) return reportFailure(misread(thrown, args), terminal, format);
    if (signal.aborted) return interruptedStatus;
    return reportFailure(thrown, terminal, format);
  }
}

/** What a command does; resolves with the exit status. */
type CommandBody<Args extends unknown[]> = (context: CommandContext, ...args: Args) => Promise<number> | number;

/** Makes a command's action of what it does, which is loaded when it is asked for: nobody waits for what others need. */
export type ActionFactory = <Args extends unknown[]>(
  load: () => Promise<CommandBody<Args>>,
) => (...given: unknown[]) => Promise<void>;

/** @internal The commands with their options, each with the action that the factory makes. */
export function build(action: ActionFactory, terminal: Terminal): Command {
  // What cannot be read is reported as every other failure is.
  const output = { writeOut: terminal.out, writeErr: terminal.err, outputError: () => {} };
  const program = new Command('fairlead')
    .description('Takes the traffic of a Kubernetes workload to a process of yours. The workload is never edited.')
    .version(packageVersion, '-V, --version')
    .exitOverride()
    .configureOutput(output)
    .showSuggestionAfterError()
    .addHelpText('after', '\nExit status: 0 ok, 1 internal, 2 usage, 3 configuration, 4 cluster, 5 conflict.');

  const command = (name: string, description: string, parent: Command = program): Command =>
    parent
      .command(name)
      .description(description)
      .addOption(
        new Option('-o, --output <format>', 'one document on stdout, or a JSON line for each event').choices([
          ...formats,
        ]),
      )
      .exitOverride()
      .configureOutput(output);

  /** A command that speaks to a cluster. */
  const clusterCommand = (name: string, description: string, parent?: Command): Command =>
    command(name, description, parent)
      .option('-n, --namespace <namespace>', 'the namespace to work in; default: the context’s')
      .option('--context <name>', 'a context of the kubeconfig; default: its current one')
      .option('--kubeconfig <file>', 'default: those of KUBECONFIG, ~/.kube/config, or the pod’s service account')
      .option('--manager-namespace <namespace>', 'where Fairlead is installed; default: fairlead')
      .option('--local [socket]', 'not Kubernetes but the embedded cluster that `fairlead local up` runs');

  command('demo', 'Show an intercept on the embedded cluster: a sample shop, real traffic, no Kubernetes').action(
    action(async () => (await import('./commands/demo.ts')).demo),
  );
  command('version', 'Print versions').action(action(async () => (await import('./commands/version.ts')).version));

  clusterCommand('plan', 'Show the agent configs that workloads would get; writes nothing')
    .argument('[workload]', 'KIND/NAME; default: every interceptable workload')
    .option('-f, --filename <file...>', 'plan manifests instead of a cluster; - is stdin')
    .option('--agent-image <image>', 'the image of the traffic-agent')
    .action(action(async () => (await import('./commands/plan.ts')).plan));

  command('inject', 'Print manifests with the traffic-agent added, as the injector would add it')
    .option('-n, --namespace <namespace>', 'the namespace of manifests that name none')
    .requiredOption('-f, --filename <file...>', 'the manifests; - is stdin')
    .option('--only-enabled', 'only what is annotated with inject-traffic-agent: enabled')
    .option('--agent-image <image>', 'the image of the traffic-agent')
    .action(action(async () => (await import('./commands/inject.ts')).inject));

  const traffic = (name: string, description: string): Command =>
    clusterCommand(name, description)
      .argument('<workload>', 'KIND/NAME or NAME')
      .option('--service <service>', 'the Service, when several lead to the port')
      .option('--container <container>', 'the container, when several have the port')
      .option('--header <name=value>', 'only requests with this header; may be repeated', collect)
      .option('--path-prefix <prefix>', 'only requests whose path begins so')
      .option('--method <method>', 'only requests of this method');

  traffic('intercept', 'Take the traffic of a workload until Ctrl-C, or until the command after -- ends')
    .argument('[command...]', 'after --: a program to run while the intercept is active')
    .option(
      '--port <svcport[:local]>',
      'service port (http, 8080, 53/UDP), and the local port that gets its traffic; may be repeated',
      collect,
    )
    .option('--to <host:port>', 'where the traffic goes; default: the container port on 127.0.0.1')
    .option('--cut', 'cut open connections when the intercept starts and ends, instead of letting them finish')
    .option('--remove-agent', 'take the agent away when the intercept ends, unless somebody else needs it')
    .option('--timeout <seconds>', 'how long the preparation may take', '60')
    .option('--env-save <file>', 'write the environment of the intercepted container to a file')
    // The name that others have. Node takes it for its own wherever it stands, and ends when there is no such file yet.
    .addOption(new Option('--env-file <file>').conflicts('envSave').hideHelp())
    .addOption(new Option('--env-syntax <syntax>', 'of that file; default: docker').choices(['docker', 'sh', 'ps']))
    .option('--env-json <file>', 'write it as a JSON object')
    .option('--env-container <container>', 'the environment of another container of the pod')
    .option('--no-env', 'start the command with the environment of this machine alone')
    .option('--cwd <directory>', 'where the command after -- is started')
    .option('--docker-run', 'run a container: behind -- stands what stands behind docker run')
    .option('--docker-image <image>', 'run a container of this image: behind -- stands its command')
    .option('--docker-network <network>', 'the network of the container; with host no port is published')
    .option('--mount <dir[:rw]>', 'mount the volumes of the container at a directory, read-only unless :rw')
    .option('--dry-run', 'show what would be taken and run, and do nothing')
    .action(action(async () => (await import('./commands/intercept.ts')).intercept));

  traffic('wiretap', 'Print a copy of the traffic of a workload; replies are unchanged')
    .option('--port <svcport>', 'service port; may be repeated', collect)
    .option('--for <seconds>', 'stop after this time')
    .option('--limit <pieces>', 'stop after this many pieces')
    .action(action(async () => (await import('./commands/wiretap.ts')).wiretap));

  clusterCommand('list', 'Workloads that can be intercepted, and the intercepts that exist')
    .option('-w, --watch', 'go on: draw the table anew on a terminal, print a line for each change elsewhere')
    .action(action(async () => (await import('./commands/list.ts')).list));
  clusterCommand('status', 'Whether intercepts work here; else what stands in the way, and what to do about it').action(
    action(async () => (await import('./commands/status.ts')).status),
  );
  clusterCommand(
    'doctor',
    'Look at everything that an intercept needs; of what fails say the cause and the remedy',
  ).action(action(async () => (await import('./commands/doctor.ts')).doctor));
  clusterCommand('gather-logs', 'Write one archive with everything that tells what is wrong, free of secrets')
    .argument('[workload...]', 'only the agents of these; default: every agent of the namespace')
    .option('--output-file <file>', 'default: fairlead-logs-TIME.tar.gz, here')
    .option('--no-agents', 'leave the logs of agents away')
    .option('--timeout <seconds>', 'how long one source may take', '15')
    .action(action(async () => (await import('./commands/gather-logs.ts')).gatherLogs));
  clusterCommand('leave', 'End intercepts')
    .argument('[name...]', 'as `fairlead list` shows it')
    .option('--all', 'every one that this user made on this machine')
    .action(action(async () => (await import('./commands/leave.ts')).leave));

  /** A command for those who administer the cluster. */
  const adminCommand = (name: string, description: string): Command =>
    command(name, description)
      .option('-n, --namespace <namespace>', 'of the traffic-manager; default: fairlead')
      .option('--context <name>', 'a context of the kubeconfig; default: its current one')
      .option('--kubeconfig <file>', 'default: those of KUBECONFIG, ~/.kube/config, or the pod’s service account')
      .option('--dry-run', 'print the objects, as YAML or by -o json, and do nothing')
      .option('--timeout <seconds>', 'how long it may take');

  const installation = (name: string, description: string): Command =>
    adminCommand(name, description)
      .option('--image <image>', 'of the traffic-manager and the traffic-agents')
      .option('--agent-image <image>', 'of the traffic-agents, where it is another')
      .option('--namespaces <a,b>', 'whose workloads may be intercepted; default: all')
      .option('--excluded-namespaces <a,b>', 'in which no pod gets an agent')
      .option('--replicas <number>', 'of the traffic-manager')
      .option('--pull-secret <name>', 'a Secret with registry credentials; may be repeated', collect)
      .option('--log-level <level>', 'error, warn, info or debug')
      .option('--rollout <strategy>', 'how pods are replaced: auto, restart or none')
      .option('--agent-config-map <name>', 'the ConfigMap with the agent configs of a namespace')
      .option('--excluded-variables <a,b>', 'variables that never leave a pod; * stands for any characters')
      .option('--allowed-secret-variables <a,b>', 'variables from Secrets that may leave a pod; others stay there')
      .option('--connect-group <group>', 'whose members may reach the traffic-manager; may be repeated', collect)
      .option('--no-create-namespace', 'the namespace is there already')
      .option('--no-aggregate-roles', 'leave the ClusterRoles edit and view as they are')
      .option('--values <file>', 'YAML with more options, as the Helm chart takes them');

  installation('install', 'Install the traffic-manager and the injector, and wait until both are ready').action(
    action(async () => (await import('./commands/install.ts')).install),
  );
  installation('upgrade', 'Change an installation, and bring the agents in pods up to date').action(
    action(async () => (await import('./commands/install.ts')).upgrade),
  );
  adminCommand('uninstall', 'Take the agents out of pods, then delete everything that was installed')
    .option('--agent <workload...>', 'only take the agents of these workloads away; -n is their namespace then')
    .option('--manager-namespace <namespace>', 'with --agent: where Fairlead is installed; default: fairlead')
    .option('--local [socket]', 'with --agent: on the embedded cluster')
    .option('--force', 'leave the agents in pods, where they only pass traffic on')
    .action(action(async () => (await import('./commands/install.ts')).uninstall));

  command('completion', 'Print what a shell needs to complete commands, options and names from the cluster')
    .addArgument(new Argument('<shell>', 'the shell').choices([...shells]))
    .action(action(async () => (await import('./commands/completion.ts')).completion));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(action(async () => (await import('./commands/completion.ts')).completeWords));

  const config = program.command('config').description('What counts for every command');
  clusterCommand(
    'view',
    'Show every setting and where it comes from: flag, environment, file or default',
    config,
  ).action(action(async () => (await import('./commands/config-view.ts')).configView));

  const local = program.command('local').description('The embedded cluster');
  local
    .command('up')
    .description('Run manifests as local processes in the foreground; other commands reach them with --local')
    .requiredOption('-f, --filename <file...>', 'the manifests')
    .option('-n, --namespace <namespace>', 'the namespace of manifests that name none')
    .option('-o, --output <format>', 'one document on stdout when everything is ready')
    .option('--socket <path>', 'where other commands find it')
    .exitOverride()
    .configureOutput(output)
    .action(action(async () => (await import('./commands/local-up.ts')).localUp));
  for (const one of leavesOf(program)) one.addHelpText('after', examplesText(nameOf(one)));
  return program;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** @internal The commands that do something, and not only hold others. */
export function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** @internal The name as it is typed after `fairlead`: `local up`. */
export function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}
