import { existsSync } from 'node:fs';
import type { AgentConfig, FilesStream, Logger } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { AppTree } from './app-tree.ts';
import { serveFiles } from './serve-files.ts';
import { volumesOf } from './volumes-of.ts';
import { WorkSlots } from './work-slots.ts';

/** Sessions' streams at once. Each may have a few megabytes under way. */
const maxStreams = 8;
/**
 * What happens in file systems at once. One less than Node has threads for: a volume that hangs must not keep the agent
 * from looking up the manager's address.
 */
const maxAtWork = 3;

/** What a {@link FilesDesk} works with. */
export interface FilesDeskParts {
  readonly config: AgentConfig;
  /** See `AgentSettings.mountDirectories`. */
  readonly mountDirectories?: Readonly<Record<string, string>> | undefined;
  readonly logger: Logger;
}

/** Gives sessions the files of containers' volumes. */
export class FilesDesk {
  readonly #parts: FilesDeskParts;
  readonly #slots = new WorkSlots(maxAtWork);
  #streams = 0;

  constructor(parts: FilesDeskParts) {
    this.#parts = parts;
  }

  /** Speaks SFTP on the stream until it ends, or refuses it. Never rejects. */
  async serve(incoming: IncomingStream, { container: name }: FilesStream): Promise<void> {
    const { config, mountDirectories, logger } = this.#parts;
    const container = config.containers.find((each) => each.name === name);
    if (!container) {
      incoming.refuse('refused', `not-found: this agent knows no container ${name}`);
    } else if (this.#streams >= maxStreams) {
      incoming.refuse('busy', `unsupported: no more than ${maxStreams} may read files of this pod at once`);
    } else {
      this.#streams += 1;
      const volumes = volumesOf(container, mountDirectories, existsSync);
      logger.debug({ container: name, volumes: volumes.length }, 'sharing files');
      await serveFiles(incoming.accept(), new AppTree(volumes), this.#slots);
      this.#streams -= 1;
    }
  }
}
