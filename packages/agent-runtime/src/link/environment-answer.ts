import type { EnvironmentStream } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';

/** Tells a session the environment of a container. */
export function answerEnvironment(incoming: IncomingStream, { container }: EnvironmentStream): void {
  incoming.refuse('refused', `unsupported: this agent tells no environment of container ${container}`);
}
