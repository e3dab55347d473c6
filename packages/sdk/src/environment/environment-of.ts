import { type ChosenAgent, type ContainerEnvironment, secretsDirectory } from '@fairlead/core';
import type { InterceptEnvironment } from './intercept-environment.ts';

/** What an agent told, as programs of this machine get it. */
export function environmentOf(
  intercept: string,
  { pod }: ChosenAgent,
  { container, variables, withheld, excluded, mounts }: ContainerEnvironment,
  root: string | undefined,
): InterceptEnvironment {
  const own = {
    CONTAINER: container,
    MOUNTS: mounts.join(':'),
    INTERCEPT_ID: intercept,
    ...(root !== undefined && { ROOT: root }),
  };
  const named = ['FAIRLEAD', 'TELEPRESENCE'].flatMap((prefix) =>
    Object.entries(own).map(([name, value]) => [`${prefix}_${name}`, value] as const),
  );
  const led = Object.entries(variables).map(([name, value]) => [name, below(root, value)] as const);
  return { container, pod, variables: Object.fromEntries([...led, ...named]), withheld, excluded, mounts };
}

function below(root: string | undefined, value: string): string {
  return root !== undefined && value.startsWith(secretsDirectory) ? `${root.replace(/\/+$/, '')}${value}` : value;
}
