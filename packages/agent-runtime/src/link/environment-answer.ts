import { type EnvironmentStream, FairleadError } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { containerEnvironment } from '../environment/container-environment.ts';
import { effectivePolicy } from '../environment/effective-policy.ts';
import type { AgentSettings } from '../settings/agent-settings.ts';

/** Tells a session the environment of a container, as one line of JSON. Never rejects. */
export async function answerEnvironment(
  incoming: IncomingStream,
  wanted: EnvironmentStream,
  { config, environment, readAnnotations = async () => ({}) }: AgentSettings,
): Promise<void> {
  const container = config.containers.find(({ name }) => name === wanted.container);
  if (!container) {
    const names = config.containers.map(({ name }) => name).join(', ');
    incoming.refuse('refused', `not-found: this agent knows no container ${wanted.container}, it knows ${names}`);
    return;
  }
  try {
    // Without the pod's word nothing is told: it may exclude what the installation does not.
    const policy = effectivePolicy(config.variables, await readAnnotations());
    const answer = containerEnvironment(container, environment, policy);
    const stream = incoming.accept();
    stream.on('error', () => {});
    stream.end(`${JSON.stringify(answer)}\n`);
  } catch (thrown) {
    const { message } = FairleadError.from(thrown);
    incoming.refuse('refused', `internal: the environment cannot be told: ${message}`);
  }
}
