import type { Argument, Command, Option } from 'commander';

/** Something that a word may become. */
export interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

/** What a cluster has to be asked for. */
export type Names = 'workloads' | 'intercepts' | 'ports' | 'services' | 'containers' | 'contexts' | 'namespaces';

/** What may stand in the place of the last word. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names that only a cluster knows. */
  readonly names?: Names;
  /** A file, which the shell knows best. */
  readonly files?: boolean;
  /** What the candidates are put behind: `--port=` of a word like `--port=ht`. */
  readonly prefix: string;
  /** What was said before, by which names are asked for. */
  readonly said: Said;
}

/** What the words before the last say: options by their long flag, and the arguments. */
export interface Said {
  readonly options: ReadonlyMap<string, string>;
  readonly args: readonly string[];
}

/** Which names stand for the value of an option or an argument, by flag or name. */
const namesOf: Readonly<Record<string, Names>> = {
  workload: 'workloads',
  name: 'intercepts',
  '--agent': 'workloads',
  '--port': 'ports',
  '--service': 'services',
  '--container': 'containers',
  '--context': 'contexts',
  '--namespace': 'namespaces',
  '--manager-namespace': 'namespaces',
};

const fileOptions: ReadonlySet<string> = new Set([
  '--filename',
  '--kubeconfig',
  '--values',
  '--socket',
  '--local',
  '--output-file',
  '--env-save',
  '--env-json',
  '--mount',
]);

const choicesOf: Readonly<Record<string, readonly string[]>> = {
  '--method': ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  '--log-level': ['error', 'warn', 'info', 'debug'],
  '--rollout': ['auto', 'restart', 'none'],
};

/** What the last of these words may become, as the program itself would read them. */
export function complete(program: Command, words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const options = new Map<string, string>();
  const args: string[] = [];
  let command = program;
  let open: Option | undefined;
  for (const word of before) {
    if (word === '--') return { candidates: [], files: true, prefix: '', said: { options, args } };
    if (word.startsWith('-') && word !== '-') {
      const [flag, value] = split(word);
      const option = find(command, flag);
      if (option && value !== undefined) options.set(option.long ?? flag, value);
      open = option && value === undefined && takesValue(option) ? option : undefined;
    } else if (open) {
      options.set(open.long ?? '', word);
      if (!open.variadic) open = undefined;
    } else {
      const inner = command.commands.find((one) => one.name() === word);
      if (inner) command = inner;
      else args.push(word);
    }
  }
  const said = { options, args };
  const [flag, value] = split(current);
  if (value !== undefined && current.startsWith('--')) {
    const option = find(command, flag);
    return option ? { ...ofOption(option, said), prefix: `${flag}=` } : nothing(said);
  }
  if (open && !(current.startsWith('-') && (open.variadic || open.optional)))
    return { ...ofOption(open, said), prefix: '' };
  if (current.startsWith('-')) return { candidates: flagsOf(command), prefix: '', said };
  if (command.commands.length > 0) return { candidates: commandsOf(command), prefix: '', said };
  const expected = command.registeredArguments;
  const last = expected.at(-1);
  const argument = expected[args.length] ?? (last?.variadic ? last : undefined);
  return argument ? { ...ofArgument(argument, said), prefix: '' } : nothing(said);
}

function nothing(said: Said): Completion {
  return { candidates: [], prefix: '', said };
}

function split(word: string): readonly [flag: string, value: string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function find(command: Command, flag: string): Option | undefined {
  return command.options.find((option) => option.long === flag || option.short === flag);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function ofOption(option: Option, said: Said): Omit<Completion, 'prefix'> {
  const { long = '', argChoices = choicesOf[long] } = option;
  if (argChoices) return { candidates: argChoices.map((value) => ({ value })), said };
  const names = namesOf[long];
  return { candidates: [], said, ...(names && { names }), ...(fileOptions.has(long) && { files: true }) };
}

function ofArgument(argument: Argument, said: Said): Omit<Completion, 'prefix'> {
  const names = namesOf[argument.name()];
  return { candidates: (argument.argChoices ?? []).map((value) => ({ value })), said, ...(names && { names }) };
}

function flagsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}

function commandsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((one) => ({ value: one.name(), description: one.description() }));
}
