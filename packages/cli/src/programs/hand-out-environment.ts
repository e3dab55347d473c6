import { chmod, writeFile } from 'node:fs/promises';
import { FairleadError } from '@fairlead/core';
import { formatEnvironment, type InterceptEnvironment } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import type { EnvironmentFile } from './program-arguments.ts';

/** Names of variables in a message are not more than this. */
const maxNames = 12;

/**
 * Writes the environment to files that only their owner may read, and tells what is not in them. Fails with `bad-request`
 * when a file cannot be written.
 */
export async function handOutEnvironment(
  { progress, tell }: Pick<CommandContext, 'progress' | 'tell'>,
  environment: InterceptEnvironment,
  files: readonly EnvironmentFile[],
): Promise<void> {
  const { container, pod, withheld, excluded } = environment;
  tell({ type: 'environment', container, pod, withheld, excluded });
  if (withheld.length > 0) {
    progress.note(`${withheld.length} from Secrets withheld: ${listed(withheld)}`);
    progress.note(
      '  allow them by the annotation fairlead.dev/allowed-secret-variables of the pod, as in "DB_*,TOKEN"',
    );
  }
  if (excluded > 0) progress.note(`${excluded} excluded by the cluster or the pod`);
  for (const file of files) await write(file, environment, progress);
}

async function write(
  { path, syntax }: EnvironmentFile,
  { container, pod, variables }: InterceptEnvironment,
  progress: CommandContext['progress'],
): Promise<void> {
  const { text, omitted } = formatEnvironment(variables, syntax);
  try {
    await writeFile(path, text, { mode: 0o600 });
    // One that was there keeps its mode otherwise.
    await chmod(path, 0o600);
  } catch (cause) {
    throw FairleadError.from(cause, 'bad-request', `the environment cannot be written to ${path}`);
  }
  const written = Object.keys(variables).length - omitted.length;
  progress.note(`${written} variables of container ${container} in pod ${pod} → ${path}`);
  for (const { name, reason } of omitted) progress.note(`  without ${name}: ${reason}`);
}

function listed(names: readonly string[]): string {
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  return `${names.slice(0, maxNames).join(', ')}${more}`;
}
