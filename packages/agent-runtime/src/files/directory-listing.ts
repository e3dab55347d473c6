import type { Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import type { SftpAttributes, SftpEntry } from '@fairlead/core';
import type { AppTree, Found } from './app-tree.ts';
import { attributesOf, emptyDirectory, entryOf } from './file-attributes.ts';
import type { OpenThing } from './open-handles.ts';
import { childPath, type Pin } from './pin.ts';

/** Entries of one answer. */
const pageSize = 100;

/** A directory that is read page by page, with the mounts that are in it. However long it is, one page is held. */
export class DirectoryListing implements OpenThing {
  readonly #tree: AppTree;
  readonly #found: Found;
  readonly #directory: Dir | undefined;
  readonly #mounts: string[];
  readonly #mountNames: ReadonlySet<string>;

  private constructor(tree: AppTree, found: Found, directory: Dir | undefined) {
    this.#tree = tree;
    this.#found = found;
    this.#directory = directory;
    this.#mountNames = tree.mountsIn(found.path);
    this.#mounts = [...this.#mountNames];
  }

  /** Opens what was found, which must be a directory. Its pin is closed with the listing. */
  static async open(tree: AppTree, found: Found): Promise<DirectoryListing> {
    return new DirectoryListing(tree, found, found.pin && (await opendir(`${found.pin.path}/.`)));
  }

  /** The next entries; none at the end. */
  async next(): Promise<readonly SftpEntry[]> {
    const entries: SftpEntry[] = [];
    while (entries.length < pageSize) {
      const mount = this.#mounts.shift();
      const entry = mount === undefined ? await this.#nextReal() : await this.#mountEntry(mount);
      if (!entry) break;
      entries.push(entry);
    }
    return entries;
  }

  async close(): Promise<void> {
    await this.#directory?.close();
    await this.#found.pin?.close();
  }

  async #nextReal(): Promise<SftpEntry | undefined> {
    for (;;) {
      const next = await this.#directory?.read();
      if (!next) return undefined;
      // A mount hides what the directory has under its name.
      if (this.#mountNames.has(next.name)) continue;
      const attributes = await this.#attributes(next.name);
      if (attributes) return entryOf(next.name, attributes);
    }
  }

  async #attributes(name: string): Promise<SftpAttributes | undefined> {
    const stats = await lstat(childPath(this.#found.pin as Pin, name)).catch(() => undefined);
    return stats && attributesOf(stats, this.#found.volume?.access === 'read-write');
  }

  async #mountEntry(name: string): Promise<SftpEntry> {
    const { path } = this.#found;
    const found = await this.#tree.find(`${path}/${name}`, 'keep').catch(() => undefined);
    await found?.pin?.close();
    const isWritable = found?.volume?.access === 'read-write';
    return entryOf(name, found?.pin ? attributesOf(found.pin.stats, isWritable) : emptyDirectory);
  }
}
