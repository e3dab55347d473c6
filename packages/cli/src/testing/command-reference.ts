import type { Command } from 'commander';
import { type SettingName, settingFacts, variableOf } from '../config/settings.ts';
import { examples } from '../examples.ts';
import { leavesOf, nameOf } from '../program.ts';

const head = `# The command
\`fairlead\` is a thin layer over the SDK: everything that it does, a program can do. This page is made from the command itself; a
test compares the two.

- Results go to stdout, everything else to stderr. With \`-o json\` or \`-o yaml\` there is exactly one document on stdout, with
  \`-o json-stream\` a line of JSON for each thing that happens; see [Embedding](embedding.md).
- Colours and spinners are for terminals. \`NO_COLOR\` takes colours away, \`FORCE_COLOR\` brings them.
- The first Ctrl-C gives back what the command holds and ends it in order, a second one ends it at once. What is left
  behind then ends with the lease of its session, after some seconds.
- When something fails, the last lines say what, and what to do next. \`fairlead doctor\` looks at everything at once.

## Exit status
| status | means |
|---|---|
| 0 | it is done; of \`intercept … -- CMD\` also the exit status of CMD |
| 1 | an error of Fairlead itself: please report it |
| 2 | the command line, or what it names, has to be corrected |
| 3 | a configuration has to be corrected: kubeconfig, manifests, settings, versions |
| 4 | the cluster is out of reach, or does not allow it, or something in it fails |
| 5 | somebody else holds what is asked for, and is named |
| 130 | interrupted before it was done |

Each error has a code, which has [a section of its own](../errors.md).

## Settings
What would be said again and again can be put into \`~/.config/fairlead/config.yaml\` (or where \`XDG_CONFIG_HOME\` or
\`FAIRLEAD_CONFIG\` lead), or into the environment. Flags are stronger than the environment, which is stronger than the file.
\`fairlead config view\` shows every value and where it comes from.
`;

/** The page about the command, as it has to be. */
export function commandReference(program: Command): string {
  const settings = (Object.keys(settingFacts) as SettingName[]).map((name) => {
    const { does, flag, fallback } = settingFacts[name];
    return `| \`${name}\` | \`${variableOf(name)}\` | ${flag ? `\`${flag}\`` : ''} | ${does}${fallback ? `; default ${fallback}` : ''} |`;
  });
  const table = ['| setting | variable | flag | is |', '|---|---|---|---|', ...settings].join('\n');
  const commands = leavesOf(program).filter((one) => !nameOf(one).startsWith('_'));
  return `${head}\n${table}\n\n## Commands\n${commands.map(sectionOf).join('\n')}`;
}

function sectionOf(command: Command): string {
  const name = nameOf(command);
  const help = command.createHelp();
  const lines = [
    ...help.visibleArguments(command).map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .map((one) => [help.optionTerm(one), help.optionDescription(one)]),
  ].map(([term = '', description = '']) => `| \`${term}\` | ${description.replaceAll('|', '\\|')} |`);
  const shown = (examples[name] ?? []).map(({ line, does }) => `${line}    # ${does}`);
  const usage = `fairlead ${name} ${command.usage()}`.trim();
  return [
    `### ${name}`,
    `${command.description()}.`,
    '',
    '```sh parsed',
    `# ${usage}`,
    ...shown,
    '```',
    '',
    '| | |',
    '|---|---|',
    ...lines,
    '',
  ].join('\n');
}
