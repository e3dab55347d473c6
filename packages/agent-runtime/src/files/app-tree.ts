import { readlink } from 'node:fs/promises';
import { notThere, refused } from './file-problem.ts';
import { childPath, type Pin, pin, pinChild } from './pin.ts';
import type { ServedVolume } from './served-volume.ts';

/** What a path turned out to be. Close its pin. */
export interface Found {
  /** Absolute, as the app sees it, without links. */
  readonly path: string;
  /** Undefined above and between the mounts, where there are directories but nothing in them. */
  readonly volume?: ServedVolume;
  /** Undefined for what has no content here: above the mounts, and where a volume is local. */
  readonly pin?: Pin;
}

/** A place in a directory where something is, or is to be made. Close its pin. */
export interface FoundName {
  readonly directory: Pin;
  readonly name: string;
  readonly volume: ServedVolume;
}

/** Links in one path, as Linux counts them. */
const maxLinks = 40;
/** Steps that one path may take in all, its links included. */
const maxSteps = 512;
const maxPathLength = 4096;

/**
 * The volumes of one container at the paths where its app sees them, and nothing else. Links lead where they would lead
 * in a container that has only these volumes: an absolute one starts at its root, and no number of dots leads out.
 */
export class AppTree {
  readonly volumes: readonly ServedVolume[];
  readonly #byPath: ReadonlyMap<string, ServedVolume>;
  /** Names in the directories that mounts are in, by path. */
  readonly #children = new Map<string, Set<string>>();

  constructor(volumes: readonly ServedVolume[]) {
    this.volumes = volumes;
    this.#byPath = new Map(volumes.map((volume) => [volume.mountPath, volume]));
    for (const { mountPath } of volumes) {
      const names = mountPath.split('/').slice(1);
      names.forEach((name, index) => {
        const parent = `/${names.slice(0, index).join('/')}`;
        this.#children.set(parent, (this.#children.get(parent) ?? new Set()).add(name));
      });
    }
    if (!this.#children.has('/')) this.#children.set('/', new Set());
  }

  /** What is in this directory because mounts are there or below. */
  mountsIn(path: string): ReadonlySet<string> {
    return this.#children.get(path) ?? new Set();
  }

  /** Finds what is at a path; the last link is followed or not. Fails where there is nothing, or nothing of a volume. */
  async find(path: string, lastLink: 'follow' | 'keep'): Promise<Found> {
    const todo = namesOf(path);
    let done: string[] = [];
    let here = await this.#root();
    let links = 0;
    try {
      for (let steps = 0; ; steps += 1) {
        const name = todo.shift();
        if (name === undefined) return here;
        if (steps > maxSteps) throw notThere('the path is too long');
        if (name === '..') {
          // From the top again: no directory is held but the present one.
          todo.unshift(...done.slice(0, -1));
          done = [];
          here = await this.#move(here, this.#root());
          continue;
        }
        const next = await this.#step(here, name);
        if (next.pin?.stats.isSymbolicLink() && (todo.length > 0 || lastLink === 'follow')) {
          await next.pin.close();
          if (++links > maxLinks) throw refused('too many links');
          const target = await readlink(childPath(here.pin as Pin, name));
          todo.unshift(...namesOf(target));
          if (!target.startsWith('/')) continue;
          done = [];
          here = await this.#move(here, this.#root());
          continue;
        }
        await here.pin?.close();
        here = next;
        done.push(name);
      }
    } catch (error) {
      await here.pin?.close();
      throw error;
    }
  }

  /** Finds the directory in which the last name of the path is or would be. Fails for mounts and what is above them. */
  async findName(path: string): Promise<FoundName> {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined || name === '..') throw refused('it cannot be changed');
    const { pin: directory, volume, path: parent } = await this.find(`/${names.join('/')}`, 'follow');
    const isMount = this.mountsIn(parent).has(name);
    if (directory && volume && directory.stats.isDirectory() && !isMount) return { directory, volume, name };
    await directory?.close();
    throw directory && !isMount ? notThere('its directory is no directory') : refused('it cannot be changed');
  }

  async #root(): Promise<Found> {
    return await this.#at('/', {});
  }

  /** Leaves one place for another. */
  async #move(from: Found, to: Promise<Found>): Promise<Found> {
    const found = await to;
    await from.pin?.close();
    return found;
  }

  async #step(here: Found, name: string): Promise<Found> {
    const path = here.path === '/' ? `/${name}` : `${here.path}/${name}`;
    return await this.#at(path, here, name);
  }

  async #at(path: string, parent: Partial<Found>, name?: string): Promise<Found> {
    const volume = this.#byPath.get(path);
    if (volume) return { path, volume, ...(volume.place && { pin: await pinVolume(volume.place) }) };
    if (parent.pin && parent.volume && name !== undefined) {
      if (!parent.pin.stats.isDirectory()) throw notThere('a part of the path is no directory');
      try {
        return { path, volume: parent.volume, pin: await pinChild(parent.pin, name) };
      } catch (error) {
        // A mount may be in a directory that only the container has.
        if (!this.#children.has(path)) throw error;
      }
    }
    if (this.#children.has(path)) return { path };
    if (parent.volume && !parent.pin) throw refused(whyNotShared(parent.volume));
    throw notThere();
  }
}

function whyNotShared({ access }: ServedVolume): string {
  if (access === 'local') return 'the volume is local by its mount policy';
  return 'the volume has Secrets, and no mount policy shares it';
}

async function pinVolume({ base, below }: NonNullable<ServedVolume['place']>): Promise<Pin> {
  let here = await pin(`${base}/.`).catch(async (error: NodeJS.ErrnoException) => {
    // A mount may also be a single file.
    if (error.code === 'ENOTDIR' && below.length === 0) return await pin(base);
    throw error;
  });
  try {
    for (const name of below) {
      const next = await pinChild(here, name);
      await here.close();
      here = next;
    }
    if (here.stats.isSymbolicLink()) throw refused('a link is in the place of the mount');
    return here;
  } catch (error) {
    await here.close();
    throw error;
  }
}

/** The names of a path from the root; a path that is relative starts there as well. */
function namesOf(path: string): string[] {
  if (path.length > maxPathLength) throw notThere('the path is too long');
  if (path.includes('\0')) throw notThere('no path has such a character');
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
