import type { FilesStream } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';

/** Gives a session the files of a container's mounts, by SFTP. */
export function answerFiles(incoming: IncomingStream, { container }: FilesStream): void {
  incoming.refuse('refused', `unsupported: this agent shares no files of container ${container}`);
}
