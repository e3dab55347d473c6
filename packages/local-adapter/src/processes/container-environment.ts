import { type Container, type EnvVar, FairleadError, type StringMap } from '@fairlead/core';
import type { ConfigData } from '../manifests/manifest-set.ts';
import { expandVariables } from './expand-variables.ts';
import { type PodFacts, readPodField } from './pod-facts.ts';

/**
 * A container's environment by Kubernetes' rules: `base`, then `envFrom`, then `env`, the later winning; `$(NAME)` sees
 * what came before. Fails with `bad-manifest` naming every reference that leads nowhere, `unsupported` for those to
 * resources.
 */
export async function containerEnvironment(
  container: Container,
  facts: PodFacts,
  base: StringMap,
): Promise<Record<string, string>> {
  const problems: string[] = [];
  const environment: Record<string, string> = { ...base };
  for (const [index, source] of (container.envFrom ?? []).entries()) {
    const kind = source.configMapRef ? 'configMap' : 'secret';
    const reference = source.configMapRef ?? source.secretRef;
    const found = await facts[kind](reference?.name ?? '');
    if (!found && !reference?.optional)
      problems.push(`envFrom[${index}]: there is no ${words[kind]} ${reference?.name}`);
    for (const [key, value] of Object.entries(found?.data ?? {})) environment[`${source.prefix ?? ''}${key}`] = value;
  }
  for (const [index, variable] of (container.env ?? []).entries()) {
    const found = await variableValue(variable, facts, environment);
    if (typeof found === 'string') environment[variable.name] = found;
    else if (found) problems.push(`env[${index}] (${variable.name}): ${found.problem}`);
  }
  if (problems.length > 0) {
    const where = `pod ${facts.name}, container ${container.name}`;
    throw new FairleadError('bad-manifest', problems.map((problem) => `${where}: ${problem}`).join('\n'));
  }
  return environment;
}

const words = { configMap: 'ConfigMap', secret: 'Secret' } as const;

/** A value, what is wrong, or nothing for an optional reference that leads nowhere. */
type Found = string | { readonly problem: string } | undefined;

async function variableValue(variable: EnvVar, facts: PodFacts, before: StringMap): Promise<Found> {
  const from = variable.valueFrom;
  if (!from) return expandVariables(variable.value ?? '', before);
  if (from.configMapKeyRef) return keyOf('configMap', from.configMapKeyRef, facts);
  if (from.secretKeyRef) return keyOf('secret', from.secretKeyRef, facts);
  if (from.fieldRef) {
    const path = String((from.fieldRef as { fieldPath?: unknown }).fieldPath);
    return readPodField(facts, path) ?? { problem: `fieldRef ${path} is not supported` };
  }
  return {
    problem: `${Object.keys(from).join(', ') || 'an empty valueFrom'} is not supported in the embedded cluster`,
  };
}

async function keyOf(kind: 'configMap' | 'secret', reference: unknown, facts: PodFacts): Promise<Found> {
  const { name = '', key = '', optional } = reference as { name?: string; key?: string; optional?: boolean };
  const data: ConfigData | undefined = await facts[kind](name);
  if (data && Object.hasOwn(data.data, key)) return data.data[key];
  if (optional) return undefined;
  return { problem: data ? `${words[kind]} ${name} has no key ${key}` : `there is no ${words[kind]} ${name}` };
}
