import { askNames } from '../completion/ask-names.ts';
import { type Candidate, type Completion, complete } from '../completion/candidates.ts';
import { completionScripts, type Shell } from '../completion/scripts.ts';
import { settingFacts } from '../config/settings.ts';
import type { CommandContext } from '../context.ts';

/** `fairlead completion SHELL`: what the shell has to be told. */
export function completion(context: CommandContext, shell: Shell): number {
  context.terminal.out(completionScripts[shell]);
  return 0;
}

/** `fairlead __complete -- WORD…`: what the last word may become. Silent whatever goes wrong. */
export async function completeWords(
  { terminal, signal, command, settings }: CommandContext,
  words: readonly string[],
): Promise<number> {
  const completed = complete(command.parent ?? command, words);
  const { fallback } = settingFacts.completionTimeout;
  // Longer nobody waits for a key.
  const limitMs = Number(settings.said.completionTimeout?.value ?? fallback) * 1_000;
  const found = [...completed.candidates, ...(await namesIn(completed, limitMs, signal))];
  const current = words.at(-1) ?? '';
  const lines = found
    .map(({ value, description }) => ({ value: completed.prefix + value, description }))
    .filter(({ value }) => value.startsWith(current))
    .map(({ value, description = '' }) => `${value}\t${description.replaceAll(/\s+/g, ' ')}\n`);
  if (lines.length > 0) terminal.out(lines.join(''));
  else if (completed.files) terminal.out(':files\n');
  return 0;
}

async function namesIn(
  { names, said }: Completion,
  limitMs: number,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  if (!names) return [];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const ended = new Promise<readonly Candidate[]>((resolve) => {
    limit.addEventListener('abort', () => resolve([]), { once: true });
  });
  try {
    return await Promise.race([askNames(names, said, limit), ended]);
  } catch {
    // Whoever presses a key wants names, not reasons; every command says them.
    return [];
  }
}
