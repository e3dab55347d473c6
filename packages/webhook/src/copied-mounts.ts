import { posix } from 'node:path';
import { appEnvPrefix, isCopiedMount, secretsDirectory, type VolumeMount } from '@fairlead/core';
import type { AppContainer } from './app-containers.ts';
import { sameJson } from './carries.ts';
import { copyPathExpression } from './copied-environment.ts';
import { tokenDirectory } from './sidecar-names.ts';

/**
 * The mounts of the app's containers, each under its container's mount point. Those below `/var/run/secrets/` stay where
 * they are, once for all containers that agree on them, since libraries look for them there. Propagation is dropped: it
 * belongs to the app, and some kinds need privilege. What is not shared with sessions is not copied.
 */
export function copyMounts(apps: readonly AppContainer[]): VolumeMount[] {
  const copies = new Map<string, VolumeMount>();
  for (const app of apps) {
    for (const mount of app.container.volumeMounts ?? []) {
      if (!isCopiedMount(app.config.mountPolicies?.[mount.mountPath])) continue;
      const copy = copyMount(mount, app);
      const kept = posix.join('/', mount.mountPath);
      const atHome = { ...copy, mountPath: kept };
      const present = copies.get(kept);
      if (isKept(kept) && (present === undefined || sameJson(present, atHome))) copies.set(kept, atHome);
      else copies.set(copy.mountPath, copy);
    }
  }
  return [...copies.values()];
}

function copyMount(mount: VolumeMount, { container, config }: AppContainer): VolumeMount {
  const { mountPropagation: _, subPathExpr, ...rest } = mount;
  return {
    ...rest,
    // Resolved first, so that no path climbs out of its mount point.
    mountPath: posix.join(config.mountPoint, posix.join('/', mount.mountPath)),
    ...(subPathExpr && {
      subPathExpr: copyPathExpression(subPathExpr, container, `${appEnvPrefix}${config.envPrefix}`),
    }),
  };
}

function isKept(path: string): boolean {
  return path.startsWith(secretsDirectory) && !`${path}/`.startsWith(`${tokenDirectory}/`);
}
