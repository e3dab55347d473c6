/** A way to write variables down: for `docker run --env-file`, for `sh` to source, for PowerShell, or as a JSON object. */
export type EnvironmentSyntax = 'docker' | 'sh' | 'ps' | 'json';

/** A variable that a syntax cannot express. */
export interface OmittedVariable {
  readonly name: string;
  readonly reason: string;
}

/** Variables as they were written down. */
export interface FormattedEnvironment {
  readonly text: string;
  /** What is not in the text, and why. */
  readonly omitted: readonly OmittedVariable[];
}

/** Docker reads no longer lines. */
const maxDockerLineBytes = 65_535;
const shellName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const powerShellName = /^[A-Za-z0-9_.-]+$/;
/** What a shell keeps for itself: to set it ends the script. */
const shellsOwn = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);

/** Writes variables so that every value arrives byte for byte; says which ones the syntax has no way for. */
export function formatEnvironment(
  variables: Readonly<Record<string, string>>,
  syntax: EnvironmentSyntax,
): FormattedEnvironment {
  if (syntax === 'json') return { text: `${JSON.stringify(variables, undefined, 2)}\n`, omitted: [] };
  const { obstacle, line } = writers[syntax];
  const omitted: OmittedVariable[] = [];
  const lines = Object.entries(variables).flatMap(([name, value]) => {
    const reason = obstacle(name, value);
    if (reason === undefined) return [`${line(name, value)}\n`];
    omitted.push({ name, reason });
    return [];
  });
  const text = lines.join('');
  // Windows PowerShell takes a file without a byte order mark for one of its old code page.
  return { text: syntax === 'ps' && /[^\0-\x7f]/.test(text) ? `\ufeff${text}` : text, omitted };
}

interface Writer {
  /** Why it cannot be written; undefined when it can. */
  readonly obstacle: (name: string, value: string) => string | undefined;
  readonly line: (name: string, value: string) => string;
}

const writers: Readonly<Record<Exclude<EnvironmentSyntax, 'json'>, Writer>> = {
  docker: {
    obstacle: (name, value) => {
      if (value.includes('\n')) return 'a value with a line break has no place in an env file of Docker';
      if (value.endsWith('\r')) return 'Docker drops a carriage return at the end of a line';
      if (name.startsWith('#') || /\s/.test(name)) return 'Docker does not read such a name';
      if (Buffer.byteLength(`${name}=${value}\n`) > maxDockerLineBytes) return 'Docker does not read so long a line';
      return undefined;
    },
    line: (name, value) => `${name}=${value}`,
  },
  sh: {
    obstacle: (name) => {
      if (!shellName.test(name)) return 'a shell does not know such a name';
      return shellsOwn.has(name) ? 'a shell does not let it be set' : undefined;
    },
    line: (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  },
  ps: {
    obstacle: (name, value) => {
      if (!powerShellName.test(name)) return 'PowerShell does not know such a name';
      return value === '' ? 'PowerShell takes an empty value for none' : undefined;
    },
    // PowerShell takes typographic quotes for quotes too.
    line: (name, value) => `\${Env:${name}}='${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`,
  },
};
