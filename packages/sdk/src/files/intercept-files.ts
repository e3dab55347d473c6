import { type Clock, FairleadError } from '@fairlead/core';
import { FilesMount, type MountOptions } from '../mount/files-mount.ts';
import type { FilesAccess, OpenFiles } from './attach-files.ts';
import { RemoteFiles } from './remote-files.ts';

/** Whose files are meant. */
export interface FilesOptions {
  /** Default: the container of the intercepted port, of the first one where there are several. */
  readonly container?: string | undefined;
  /** Default: any pod of the workload, and another one when it goes away. */
  readonly pod?: string | undefined;
}

/** What {@link InterceptFiles} work with. */
export interface InterceptFilesParts {
  readonly intercept: string;
  readonly open: OpenFiles;
  readonly clock: Clock;
  /** The container that is meant where none is named; undefined while it is not known. */
  readonly container: () => string | undefined;
}

/** Everything that an intercept has to do with files. It ends with the intercept. */
export class InterceptFiles {
  readonly #parts: InterceptFilesParts;
  readonly #over = new AbortController();
  readonly #files = new Map<string, RemoteFiles>();
  readonly #mounts = new Set<Promise<FilesMount>>();

  constructor(parts: InterceptFilesParts) {
    this.#parts = parts;
  }

  /** The files of a container. */
  of(options: FilesOptions): RemoteFiles {
    const access = this.#access(options);
    const key = JSON.stringify(access.of);
    const files = this.#files.get(key) ?? new RemoteFiles(access);
    this.#files.set(key, files);
    return files;
  }

  /** Mounts the files of a container. */
  async mount(directory: string, options: MountOptions): Promise<FilesMount> {
    options.signal?.throwIfAborted();
    const mounting = FilesMount.open(directory, this.#access(options), options);
    this.#mounts.add(mounting);
    try {
      const mount = await mounting;
      // Also when it ended by itself, there may be something left to be taken away.
      const over = (): void => void mount.unmount().then(() => this.#mounts.delete(mounting));
      if (mount.signal.aborted) over();
      else mount.signal.addEventListener('abort', over, { once: true });
      return mount;
    } catch (error) {
      this.#mounts.delete(mounting);
      throw error;
    }
  }

  /** Unmounts everything and lets go of every replica. Never rejects. */
  async end(): Promise<void> {
    const mounts = [...this.#mounts];
    const unmounted = mounts.map((mounting) => mounting.then((mount) => mount.unmount()));
    this.#over.abort(this.#closed());
    await Promise.allSettled(unmounted);
  }

  #access({ container = this.#parts.container(), pod }: FilesOptions): FilesAccess {
    if (container === undefined || this.#over.signal.aborted) throw this.#closed();
    const { open, clock } = this.#parts;
    return { open, of: { container, ...(pod !== undefined && { pod }) }, clock, signal: this.#over.signal };
  }

  #closed(): FairleadError {
    return new FairleadError('closed', `intercept ${this.#parts.intercept} is not active`, { phase: 'serve' });
  }
}
