import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FairleadError, nearestName } from '@fairlead/core';
import { parse } from 'yaml';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What may be settled once for all commands. */
export type SettingName = 'kubeconfig' | 'context' | 'namespace' | 'managerNamespace' | 'timeout' | 'completionTimeout';

/** A setting: what it is for, its flag and its default, where it has them. */
export interface SettingFacts {
  readonly does: string;
  readonly flag?: string;
  readonly fallback?: string;
  /** A number of seconds. Default: text. */
  readonly isSeconds?: true;
}

/** Every setting. The variable of each is `FAIRLEAD_` and its name in capitals: `FAIRLEAD_MANAGER_NAMESPACE`. */
export const settingFacts: Readonly<Record<SettingName, SettingFacts>> = {
  kubeconfig: { does: 'the kubeconfig', flag: '--kubeconfig' },
  context: { does: 'the context of the kubeconfig', flag: '--context' },
  namespace: { does: 'the namespace to work in', flag: '--namespace' },
  managerNamespace: { does: 'where Fairlead is installed', flag: '--manager-namespace', fallback: 'fairlead' },
  timeout: { does: 'how long a preparation may take, in seconds', flag: '--timeout', fallback: '60', isSeconds: true },
  completionTimeout: { does: 'how long completion may ask a cluster, in seconds', fallback: '2.5', isSeconds: true },
};

/** A value, and where it was said. */
export interface Setting {
  readonly value: string;
  readonly source: string;
}

/** What environment and file say. */
export interface Settings {
  /** Where the file is looked for. */
  readonly file: string;
  readonly isFileThere: boolean;
  readonly said: Readonly<Partial<Record<SettingName, Setting>>>;
}

const names = Object.keys(settingFacts) as SettingName[];

/** The variable of a setting. */
export function variableOf(name: SettingName): string {
  return `FAIRLEAD_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Reads the settings: what the environment says, below it the file of `FAIRLEAD_CONFIG`, by default
 * `~/.config/fairlead/config.yaml`. Fails with one `bad-config` that names every problem.
 */
export function readSettings(environment: Environment): Settings {
  const file = fileOf(environment);
  const isFileThere = existsSync(file);
  if (!isFileThere && environment.FAIRLEAD_CONFIG) {
    throw new FairleadError('bad-config', `there is no ${file}, which FAIRLEAD_CONFIG names`, { phase: 'input' });
  }
  const fromFile = isFileThere ? readFile(file) : {};
  const said: Partial<Record<SettingName, Setting>> = {};
  const problems: string[] = [];
  for (const name of names) {
    const variable = variableOf(name);
    const value = environment[variable] || undefined;
    const setting =
      value === undefined
        ? fromFile[name] && { value: fromFile[name], source: file }
        : { value, source: `environment ${variable}` };
    if (!setting) continue;
    said[name] = setting;
    if (settingFacts[name].isSeconds && !(Number(setting.value) > 0)) {
      problems.push(`${name} in ${setting.source} is ${JSON.stringify(setting.value)}, not a number of seconds`);
    }
  }
  if (problems.length > 0) throw new FairleadError('bad-config', problems.join('; '), { phase: 'input' });
  return { file, isFileThere, said };
}

function fileOf({ FAIRLEAD_CONFIG, XDG_CONFIG_HOME, HOME }: Environment): string {
  return FAIRLEAD_CONFIG || join(XDG_CONFIG_HOME || join(HOME || homedir(), '.config'), 'fairlead', 'config.yaml');
}

function readFile(file: string): Readonly<Partial<Record<SettingName, string>>> {
  let read: unknown;
  try {
    read = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw FairleadError.from(error, 'bad-config', `cannot read ${file}`);
  }
  if (read === null) return {};
  if (typeof read !== 'object' || Array.isArray(read)) {
    throw new FairleadError('bad-config', `${file} is not a map of settings`, { phase: 'input' });
  }
  const problems = Object.entries(read).flatMap(([key, value]) => {
    if (!Object.hasOwn(settingFacts, key)) {
      const nearest = nearestName(key, names);
      return [`there is no setting ${key}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`];
    }
    return typeof value === 'string' || typeof value === 'number' ? [] : [`${key} is neither text nor a number`];
  });
  if (problems.length > 0) {
    throw new FairleadError('bad-config', `${file}: ${problems.join('; ')}`, {
      phase: 'input',
      hint: `Settings are ${names.join(', ')}.`,
    });
  }
  return Object.fromEntries(Object.entries(read).map(([key, value]) => [key, String(value)]));
}
