import { setFlagsFromString } from 'node:v8';

/**
 * What the engine does otherwise in a traffic-manager than in the agents that the image starts with flags for least memory:
 * the code of its first thousand connections is compiled once more before it is optimised, and the heap may grow to three times
 * what lives in it before all of it is looked through, as the bytes that pass are counted as if they lay in it.
 * Measured in docs/performance.md.
 */
export function setEngineFlags(): void {
  for (const flag of ['--sparkplug', '--heap-growing-percent=200']) setFlagsFromString(flag);
}
