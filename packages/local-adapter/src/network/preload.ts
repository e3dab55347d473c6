import { existsSync } from 'node:fs';
import { FairleadError } from '@fairlead/core';

/** Compiled, as a process of its own cannot run the source. The same from `src` and from `dist`. */
const program = new URL('../../dist/network/preload-main.js', import.meta.url);

/** `NODE_OPTIONS` that give a Node process the network of its pod. Fails with `internal` when it was not built. */
export function preloadOptions(): string {
  if (!existsSync(program)) {
    throw new FairleadError('internal', `${program.pathname} is not there`, { hint: 'Build the packages first.' });
  }
  return `--import="${program.href}"`;
}
