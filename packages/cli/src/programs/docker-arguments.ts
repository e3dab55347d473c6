import { FairleadError } from '@fairlead/core';

/** What a person wrote of a `docker run`. */
export interface DockerArguments {
  /** Options of `docker run`. */
  readonly options: readonly string[];
  readonly image: string;
  /** What the container is to run; empty: what its image says. */
  readonly command: readonly string[];
  /** The name that the options give the container. */
  readonly name: string | undefined;
  /** The network that the options, or Fairlead's own, name. */
  readonly network: string | undefined;
  /** The options publish ports. */
  readonly publishes: boolean;
}

/** Options of `docker run` without a value; every other one has a value. */
const flags = new Set(
  'detach disable-content-trust help init interactive no-healthcheck oom-kill-disable privileged publish-all quiet read-only rm sig-proxy tty use-api-socket'.split(
    ' ',
  ),
);
const shortFlags = new Map([
  ['d', 'detach'],
  ['i', 'interactive'],
  ['P', 'publish-all'],
  ['q', 'quiet'],
  ['t', 'tty'],
]);
const shortOptions = new Map([['p', 'publish']]);

/**
 * Reads what is behind `--`: options of `docker run`, the image, its command; with an image of its own only the command.
 * Fails with `bad-request` when no image is named, and for containers in the background: nobody would end them.
 */
export function readDockerArguments(
  args: readonly string[],
  own: { readonly image: string | undefined; readonly network: string | undefined },
): DockerArguments {
  const { length, said } = own.image === undefined ? readOptions(args) : { length: 0, said: [] };
  const [image, ...command] = own.image === undefined ? args.slice(length) : [own.image, ...args];
  if (image === undefined) {
    throw bad(
      'no image is named',
      'Write --docker-run -- [OPTIONS] IMAGE [COMMAND], as for docker run, or --docker-image.',
    );
  }
  const lastOf = (...names: string[]): string | undefined => said.findLast(([name]) => names.includes(name))?.[1];
  if (!['false', undefined].includes(lastOf('detach'))) {
    throw bad('a container in the background would not end with the intercept', 'Leave -d, --detach out.');
  }
  return {
    options: args.slice(0, length),
    image,
    command,
    name: lastOf('name'),
    network: lastOf('network', 'net') ?? own.network,
    publishes: said.some(([name]) => name === 'publish' || name === 'publish-all'),
  };
}

/** How many of the arguments are options with their values, and what they say by their long names. */
function readOptions(args: readonly string[]) {
  const said: (readonly [name: string, value: string])[] = [];
  let at = 0;
  for (let arg = args[at]; arg?.startsWith('-') && arg !== '-'; arg = args[at]) {
    at += 1;
    if (arg === '--') break;
    const [, long, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (long === undefined) at += readShort(arg.slice(1), args[at] ?? '', said);
    else if (flags.has(long)) said.push([long, value ?? 'true']);
    else {
      said.push([long, value ?? args[at] ?? '']);
      if (value === undefined) at += 1;
    }
  }
  return { length: Math.min(at, args.length), said };
}

/** Letters may stand together; one with a value has it behind itself, or as the next argument. Returns 1 for the latter. */
function readShort(letters: string, next: string, said: (readonly [string, string])[]): number {
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters.charAt(index);
    const flag = shortFlags.get(letter);
    const rest = letters.slice(index + 1);
    if (flag === undefined) {
      said.push([shortOptions.get(letter) ?? letter, rest === '' ? next : rest.replace(/^=/, '')]);
      return rest === '' ? 1 : 0;
    }
    if (rest.startsWith('=')) {
      said.push([flag, rest.slice(1)]);
      return 0;
    }
    said.push([flag, 'true']);
  }
  return 0;
}

function bad(message: string, hint: string): FairleadError {
  return new FairleadError('bad-request', message, { phase: 'input', hint });
}
