import { appEnvPrefix, type EnvVar, secretEnvPrefix, type VariableOrigins, variableOriginsName } from '@fairlead/core';
import type { AppContainer } from './app-containers.ts';
import { copiedVariables } from './copied-environment.ts';
import { referencesIn } from './prefix-references.ts';

/**
 * The variable that tells the traffic-agent where the app's variables come from, by the containers' prefixes. Always
 * there, so that an agent without it knows that it knows nothing.
 */
export function originsVariable(apps: readonly AppContainer[]): EnvVar {
  const origins = apps.map(
    ({ container, config }) => [config.envPrefix, originsOf(copiedVariables(container))] as const,
  );
  // Kubernetes would read references in it, and a name may look like one.
  const value = JSON.stringify(Object.fromEntries(origins)).replaceAll('$', '$$$$');
  return { name: variableOriginsName, value };
}

/** The second copy of a container's Secrets, see `secretEnvPrefix`. */
export function secretPrefixOf(prefix: string): string {
  return `${secretEnvPrefix}${prefix.slice(appEnvPrefix.length)}`;
}

function originsOf(variables: readonly EnvVar[]): VariableOrigins {
  const secrets = new Set<string>();
  const composed = new Map<string, Set<string>>();
  for (const { name, value, valueFrom } of variables) {
    if (valueFrom?.secretKeyRef) secrets.add(name);
    for (const reference of referencesIn(typeof value === 'string' ? value : '')) {
      const parts = composed.get(name) ?? new Set();
      for (const part of [reference, ...(composed.get(reference) ?? [])]) parts.add(part);
      composed.set(name, parts);
    }
  }
  return {
    secrets: [...secrets],
    composed: Object.fromEntries([...composed].map(([name, parts]) => [name, [...parts]])),
  };
}
