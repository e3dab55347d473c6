import type { Container, EnvFromSource, EnvVar } from '@fairlead/core';
import { isObject } from './carries.ts';
import { prefixReferences } from './prefix-references.ts';
import { apiPortVariable } from './sidecar-names.ts';

/** What a Service gives to every container of a namespace; it needs no prefix, the traffic-agent has it too. */
const serviceVariable = /_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)/;

/**
 * The container's variables under names that begin with the prefix. References between them follow; a reference to the
 * container's own resources (`resourceFieldRef`) goes on to mean the app's and not the traffic-agent's.
 */
export function copyEnv(container: Container, prefix: string): EnvVar[] {
  const earlier = new Set<string>();
  return copiedVariables(container).map((variable) => {
    const { name, value, valueFrom } = variable;
    const copy: EnvVar = {
      ...variable,
      name: `${prefix}${name}`,
      ...(typeof value === 'string' && {
        value: prefixReferences(value, prefix, (to) => earlier.has(to) || mayComeFromSource(container, to)),
      }),
      ...(valueFrom && { valueFrom: withContainer(valueFrom, container.name) }),
    };
    earlier.add(name);
    return copy;
  });
}

/** The container's sources of variables, each with the prefix before its own; those that Secrets are a second time. */
export function copyEnvFrom(container: Container, prefix: string, secretPrefix: string): EnvFromSource[] {
  const sources = container.envFrom ?? [];
  const under = (before: string) => (source: EnvFromSource) => ({
    ...source,
    prefix: `${before}${source.prefix ?? ''}`,
  });
  return [...sources.map(under(prefix)), ...sources.filter(({ secretRef }) => secretRef).map(under(secretPrefix))];
}

/** A `subPathExpr` of the container with its references prefixed: there every variable counts, wherever it is. */
export function copyPathExpression(expression: string, container: Container, prefix: string): string {
  const names = new Set(copiedVariables(container).map(({ name }) => name));
  return prefixReferences(expression, prefix, (to) => names.has(to) || mayComeFromSource(container, to));
}

/** All but what mutation itself puts there, so that a second pass copies what the first one copied. */
export function copiedVariables(container: Container): readonly EnvVar[] {
  return (container.env ?? []).filter(({ name }) => name !== apiPortVariable);
}

/** Nobody knows here what a ConfigMap or Secret holds: what one may deliver, and no Service does, counts as delivered. */
function mayComeFromSource(container: Container, name: string): boolean {
  if (serviceVariable.test(name)) return false;
  return (container.envFrom ?? []).some((source) => {
    const prefix = source.prefix ?? '';
    return name.length > prefix.length && name.startsWith(prefix);
  });
}

function withContainer(valueFrom: NonNullable<EnvVar['valueFrom']>, name: string): NonNullable<EnvVar['valueFrom']> {
  const { resourceFieldRef } = valueFrom;
  if (!isObject(resourceFieldRef) || resourceFieldRef.containerName) return valueFrom;
  return { ...valueFrom, resourceFieldRef: { ...resourceFieldRef, containerName: name } };
}
