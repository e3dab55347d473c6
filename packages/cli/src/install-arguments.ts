import { readFile } from 'node:fs/promises';
import { FairleadError } from '@fairlead/core';
import type { InstallOptions, LogLevel } from '@fairlead/install';
import { parse } from 'yaml';
import { parseCount } from './number-argument.ts';

/** The options of `fairlead install` and `fairlead upgrade`, as they stand on the command line. */
export interface InstallArguments {
  readonly values?: string;
  readonly namespace?: string;
  readonly namespaces?: string;
  readonly excludedNamespaces?: string;
  readonly image?: string;
  readonly agentImage?: string;
  readonly pullSecret?: readonly string[];
  readonly replicas?: string;
  readonly logLevel?: string;
  readonly rollout?: string;
  readonly agentConfigMap?: string;
  readonly excludedVariables?: string;
  readonly allowedSecretVariables?: string;
  readonly connectGroup?: readonly string[];
  /** False by `--no-create-namespace`. */
  readonly createNamespace?: boolean;
  readonly aggregateRoles?: boolean;
}

/**
 * The options that a command line means, those of its values file below them. Only what was said is set. Values are checked
 * by whoever installs; fails with `bad-request` where a file cannot be read as a map.
 */
export async function readInstallArguments(said: InstallArguments): Promise<InstallOptions> {
  const values = said.values === undefined ? {} : await readValues(said.values);
  const options: InstallOptions = {
    ...(said.namespace !== undefined && { namespace: said.namespace }),
    ...(said.namespaces !== undefined && { namespaces: names(said.namespaces) }),
    ...(said.excludedNamespaces !== undefined && { excludedNamespaces: names(said.excludedNamespaces) }),
    ...(said.image !== undefined && { image: said.image }),
    ...(said.agentImage !== undefined && { agentImage: said.agentImage }),
    ...(said.pullSecret && { imagePullSecrets: said.pullSecret }),
    ...(said.replicas !== undefined && { replicas: parseCount('--replicas', said.replicas) }),
    ...(said.logLevel !== undefined && { logLevel: said.logLevel as LogLevel }),
    ...(said.rollout !== undefined && { rollout: said.rollout as 'auto' | 'restart' | 'none' }),
    ...(said.agentConfigMap !== undefined && { agentConfigMap: said.agentConfigMap }),
    ...(said.excludedVariables !== undefined && { excludedVariables: names(said.excludedVariables) }),
    ...(said.allowedSecretVariables !== undefined && {
      allowedSecretVariables: names(said.allowedSecretVariables),
    }),
    ...(said.connectGroup && { connectGroups: said.connectGroup }),
    ...(said.createNamespace === false && { createNamespace: false }),
    ...(said.aggregateRoles === false && { aggregateRoles: false }),
  };
  return { ...values, ...options };
}

function names(list: string): readonly string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

async function readValues(file: string): Promise<InstallOptions> {
  let values: unknown;
  try {
    values = parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw FairleadError.from(error, 'bad-request', `cannot read the values file ${file}`);
  }
  if (values === null) return {};
  if (typeof values === 'object' && !Array.isArray(values)) return values as InstallOptions;
  throw new FairleadError('bad-request', `the values file ${file} is not a map of options`, { phase: 'input' });
}
