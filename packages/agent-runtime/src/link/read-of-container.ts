import type { EnvironmentStream, FilesStream } from '@fairlead/core';

/** What a session asks of a container of this pod; undefined when the stream is of another kind. */
export function readOfContainer(metadata: Uint8Array): EnvironmentStream | FilesStream | undefined {
  try {
    const value = JSON.parse(Buffer.from(metadata).toString('utf8'));
    const isOne = value?.kind === 'environment' || value?.kind === 'files';
    return isOne && typeof value.container === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
