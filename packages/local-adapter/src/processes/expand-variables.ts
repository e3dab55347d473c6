import type { StringMap } from '@fairlead/core';

/**
 * Replaces `$(NAME)` as Kubernetes does in `value`, `command` and `args`: names that are not there stay as they are
 * written, a name reaches to the next parenthesis, `$$(NAME)` is a literal `$(NAME)`.
 */
export function expandVariables(text: string, variables: StringMap): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (written, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(variables, name) ? (variables[name] ?? written) : written;
  });
}
