import type { Container, StringMap } from '@fairlead/core';
import type { TransportPort } from '../network/target-port.ts';

/** A container with everything resolved that it takes to run it as a process. */
export interface ContainerPlan {
  readonly container: Container;
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: StringMap;
  /**
   * Container ports that a Service leads to. Without a readiness probe the container counts as ready when somebody
   * listens on them.
   */
  readonly servedPorts: readonly TransportPort[];
}
