import { readAnnotation, type StringMap, type VariablePolicy } from '@fairlead/core';
import { unreadable } from './parse-annotations.ts';

/**
 * What the installation says together with what the pod says, in the annotations `fairlead.dev/excluded-variables` and
 * `fairlead.dev/allowed-secret-variables`. An exclusion that cannot be read excludes everything.
 */
export function effectivePolicy(installed: VariablePolicy | undefined, annotations: StringMap): VariablePolicy {
  return {
    excluded: [...(installed?.excluded ?? []), ...patternsIn(annotations, 'excluded-variables', ['*'])],
    allowedSecrets: [...(installed?.allowedSecrets ?? []), ...patternsIn(annotations, 'allowed-secret-variables', [])],
  };
}

function patternsIn(
  annotations: StringMap,
  name: 'excluded-variables' | 'allowed-secret-variables',
  otherwise: readonly string[],
): readonly string[] {
  const value = readAnnotation(annotations, name)?.value;
  if (value === unreadable) return otherwise;
  return (value ?? '').split(/[\s,]+/).filter((pattern) => pattern !== '');
}
