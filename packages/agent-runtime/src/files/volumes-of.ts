import { posix } from 'node:path';
import { type AgentContainer, isCopiedMount, secretsDirectory } from '@fairlead/core';
import type { ServedVolume, VolumePlace } from './served-volume.ts';

/**
 * The mounts of a container as they are shared. `directories` says where mounts of the agent's container really are, on a
 * system that cannot mount; `isThere` whether there is anything at a path.
 */
export function volumesOf(
  { mountPoint, mounts, mountPolicies = {} }: AgentContainer,
  directories: Readonly<Record<string, string>> | undefined,
  isThere: (path: string) => boolean,
): readonly ServedVolume[] {
  const shared = mounts
    .filter((path) => isCopiedMount(mountPolicies[path]))
    .map((path) => ({
      mountPath: normal(path),
      access: mountPolicies[path] === 'remote' ? ('read-write' as const) : ('read-only' as const),
      place: placeOf(normal(path)),
    }));
  const kept = Object.entries(mountPolicies).flatMap(([path, rule]) =>
    rule === 'local' || rule === 'withheld' ? [{ mountPath: normal(path), access: rule }] : [],
  );
  return [...shared, ...kept];

  function placeOf(path: string): VolumePlace {
    const copy = posix.join(mountPoint, path);
    // Its copy is elsewhere only where another container has something else at that place.
    const isAtHome = path.startsWith(secretsDirectory) && !isThere(directories?.[copy] ?? copy);
    if (directories) return { base: directories[isAtHome ? path : copy] ?? copy, below: [] };
    // The names below the mount point may be in another volume of the app, which could put a link there.
    return isAtHome ? { base: path, below: [] } : { base: mountPoint, below: path.split('/').slice(1) };
  }
}

function normal(path: string): string {
  return posix.join('/', path).replace(/(.)\/$/, '$1');
}
