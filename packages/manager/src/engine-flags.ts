import { setFlagsFromString } from 'node:v8';

/**
 * What the engine does otherwise in a traffic-manager than in the agents, which the image starts with flags for least memory:
 * its code is compiled once more before it is optimised, without which a thousand connections are slow; and the heap may grow to
 * three times what lives in it before all of it is looked through, as the bytes that pass are counted as if they lay in it.
 * Measured in docs/performance.md.
 */
export const engineFlags: readonly string[] = ['--sparkplug', '--heap-growing-percent=200'];

/** Sets them for what is compiled and allocated from now on. */
export function setEngineFlags(): void {
  for (const flag of engineFlags) setFlagsFromString(flag);
}
