import type { StringMap } from '@fairlead/core';

/** How the traffic-agent's container is run, for it has an image instead of a command. */
export interface AgentLaunch {
  /** The program with its first arguments; those of the container follow. */
  readonly command: readonly string[];
  /** Added to the container's environment. Mount paths in it are led to where the mounts are. */
  readonly environment: StringMap;
}
