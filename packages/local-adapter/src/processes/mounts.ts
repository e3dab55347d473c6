import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Container, StringMap } from '@fairlead/core';
import { expandVariables } from './expand-variables.ts';

/** Where a container's mounts really are. A process cannot be given mounts without privileges, so paths are led there. */
export class Mounts {
  readonly #places: readonly (readonly [mountPath: string, directory: string])[];

  private constructor(places: readonly (readonly [string, string])[]) {
    this.#places = places;
  }

  /** The mounts of a container, given the directories of the pod's volumes. */
  static of(container: Container, volumes: ReadonlyMap<string, string>, variables: StringMap): Mounts {
    const places = (container.volumeMounts ?? []).flatMap((mount) => {
      const volume = volumes.get(mount.name);
      if (volume === undefined) return [];
      const below = mount.subPath ?? expandVariables(mount.subPathExpr ?? '', variables);
      return [[path.posix.normalize(mount.mountPath).replace(/(.)\/$/, '$1'), path.join(volume, below)] as const];
    });
    // The longest first, so that a mount inside another one is found.
    return new Mounts(places.sort(([a], [b]) => b.length - a.length));
  }

  /** Makes the directories in volumes that are mounted and that nobody has made, as the kubelet does. */
  async makeDirectories(): Promise<void> {
    for (const [, directory] of this.#places) if (!existsSync(directory)) await mkdir(directory, { recursive: true });
  }

  /** The directory by mount path. */
  get directories(): StringMap {
    return Object.fromEntries(this.#places);
  }

  /** The text with a mount path at its start, or behind an equals sign, led to where the mount is. */
  lead(text: string): string {
    const [, before = '', rest = ''] = /^([^=/]*=)?(.*)$/s.exec(text) ?? [];
    for (const [mountPath, directory] of this.#places) {
      if (rest === mountPath || rest.startsWith(`${mountPath}/`))
        return before + directory + rest.slice(mountPath.length);
    }
    return text;
  }
}
