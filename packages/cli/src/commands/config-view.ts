import { FairleadError } from '@fairlead/core';
import type { Command } from 'commander';
import { type SettingName, type Settings, settingFacts } from '../config/settings.ts';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';
import { table } from '../output/table.ts';

interface ViewedValue {
  readonly name: string;
  /** Null: nothing says it. */
  readonly value: string | null;
  /** Where the value was said. */
  readonly source: string;
}

interface ConfigView {
  /** The file with settings, whether it is there or not. */
  readonly file: string;
  readonly values: readonly ViewedValue[];
  /** What the kubeconfig comes to; null with the reason where it comes to nothing. */
  readonly cluster: { readonly files: readonly string[]; readonly context: string; readonly server: string } | null;
  readonly problem: string | null;
}

/** `fairlead config view`: what counts, and where each value comes from. Sends nothing. */
export async function configView(context: CommandContext): Promise<number> {
  const { command, settings } = context;
  const options = command.opts<Record<string, string | undefined>>();
  const { kubeconfig, context: wanted } = options;
  const values = (Object.keys(settingFacts) as SettingName[]).map((name) => viewOf(name, command, settings));
  let cluster: ConfigView['cluster'] = null;
  let problem: string | null = null;
  try {
    const { kubeConfigFacts } = await import('@fairlead/k8s-adapter');
    const facts = await kubeConfigFacts({ kubeconfig, context: wanted });
    cluster = { files: facts.files, context: facts.context, server: facts.server };
    fill(values, 'kubeconfig', facts.files.join(', '), 'KUBECONFIG, or where kubectl looks');
    fill(values, 'context', facts.context, 'the current context of the kubeconfig');
    fill(values, 'namespace', facts.namespace ?? 'default', facts.namespace ? 'the context' : 'default');
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    problem = error.message;
  }
  const view: ConfigView = { file: settings.file, values, cluster, problem };
  printDocument(context.terminal, context.format, view, (shown) => asText(shown, settings.isFileThere));
  return 0;
}

function viewOf(
  name: SettingName,
  command: Command,
  { said }: Settings,
): { -readonly [Key in keyof ViewedValue]: ViewedValue[Key] } {
  const { flag, fallback } = settingFacts[name];
  const fromFlag = command.opts<Record<string, string | undefined>>()[name];
  if (flag && fromFlag !== undefined && command.getOptionValueSource(name) === 'cli') {
    return { name, value: fromFlag, source: flag };
  }
  const setting = said[name];
  if (setting) return { name, ...setting };
  return { name, value: fallback ?? null, source: fallback === undefined ? 'nothing says it' : 'default' };
}

function fill(
  values: { name: string; value: string | null; source: string }[],
  name: SettingName,
  value: string,
  source: string,
): void {
  const found = values.find((one) => one.name === name);
  if (found && found.value === null) Object.assign(found, { value, source });
}

function asText({ file, values, cluster, problem }: ConfigView, isFileThere: boolean): string {
  const rows = values.map(({ name, value, source }) => [name, value ?? '–', source]);
  return [
    table(['SETTING', 'VALUE', 'FROM'], rows),
    `server  ${cluster?.server ?? `– (${problem})`}`,
    `file    ${file}${isFileThere ? '' : ' (not there)'}`,
    '',
  ].join('\n');
}
