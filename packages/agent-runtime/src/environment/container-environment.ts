import {
  type AgentContainer,
  appEnvPrefix,
  type ContainerEnvironment,
  secretEnvPrefix,
  type VariableOrigins,
  type VariablePolicy,
  variableOriginsName,
} from '@fairlead/core';
import { matchesAny } from './name-pattern.ts';
import { serviceVariables, type Variables } from './service-variables.ts';

/**
 * The environment of a container, from that of the traffic-agent's process: its copied variables without their prefix,
 * above what Kubernetes tells of Services. What the policy excludes is not in it, nor is what was made of that. Values
 * that come from Secrets, or are made of such, are named without their value unless the policy allows them. Where the
 * injector has not said where variables come from, all count as from Secrets.
 */
export function containerEnvironment(
  { name: container, envPrefix, mounts }: AgentContainer,
  environment: Variables,
  policy: VariablePolicy,
): ContainerEnvironment {
  const prefix = `${appEnvPrefix}${envPrefix}`;
  const own = behind(prefix, environment);
  const services = serviceVariables(environment);
  const all = {
    ...services,
    ...Object.fromEntries([...own].map(([name, value]) => [name, asWritten(value, prefix, services)])),
  };
  const origins = readOrigins(environment, envPrefix);
  const bySources = behind(`${secretEnvPrefix}${envPrefix}`, environment);
  const partsOf = (name: string): readonly string[] => lookUp(origins?.composed ?? {}, name) ?? [];
  const isSecret = (name: string): boolean => {
    if (origins === undefined || origins.secrets.includes(name)) return own.has(name);
    // A ConfigMap or the manifest may have put another value over that of the Secret.
    return bySources.has(name) && bySources.get(name) === own.get(name);
  };
  const isAllowed = (name: string): boolean => matchesAny(policy.allowedSecrets, name);
  const isSecretPart = (name: string): boolean => origins?.secrets.includes(name) || bySources.has(name);
  const isWithheld = (name: string): boolean =>
    !isAllowed(name) && (isSecret(name) || partsOf(name).some((part) => isSecretPart(part) && !isAllowed(part)));
  const isExcluded = (name: string): boolean =>
    [name, ...partsOf(name)].some((each) => matchesAny(policy.excluded, each));

  const names = Object.keys(all).sort();
  const told = names.filter((name) => !isExcluded(name));
  return {
    container,
    variables: Object.fromEntries(told.flatMap((name) => (isWithheld(name) ? [] : [[name, all[name] ?? ''] as const]))),
    withheld: told.filter(isWithheld),
    excluded: names.length - told.length,
    mounts,
  };
}

function behind(prefix: string, environment: Variables): ReadonlyMap<string, string> {
  const found = Object.entries(environment).flatMap(([name, value]) =>
    name.startsWith(prefix) && name.length > prefix.length && value !== undefined
      ? [[name.slice(prefix.length), value] as const]
      : [],
  );
  return new Map(found);
}

/**
 * The injector leads a reference to the copy of what a ConfigMap or Secret may bring. Where none brings it, the reference
 * is still there, and in the app it means a Service's variable, or itself.
 */
function asWritten(value: string, prefix: string, services: Readonly<Record<string, string>>): string {
  const [first = '', ...rest] = value.split(`$(${prefix}`);
  return rest.reduce((text, part) => {
    const end = part.indexOf(')');
    const found = end < 0 ? undefined : lookUp(services, part.slice(0, end));
    return text + (found === undefined ? `$(${part}` : found + part.slice(end + 1));
  }, first);
}

function readOrigins(environment: Variables, envPrefix: string): VariableOrigins | undefined {
  try {
    const origins = JSON.parse(environment[variableOriginsName] ?? '') as Readonly<Record<string, VariableOrigins>>;
    return lookUp(origins, envPrefix);
  } catch {
    return undefined;
  }
}

function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
