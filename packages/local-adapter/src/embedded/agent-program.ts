import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { FairleadError } from '@fairlead/core';
import { configDirectory, tokenDirectory } from '@fairlead/webhook';
import type { AgentLaunch } from '../cluster/agent-launch.ts';

/** How the traffic-agents of an embedded cluster are run. Fails with `internal` when the program is not there. */
export function agentProgram(main: string = installedMain()): AgentLaunch {
  if (!existsSync(main)) throw notThere(main);
  return {
    command: [process.execPath, main],
    environment: {
      FAIRLEAD_AGENT_CONFIG: `${configDirectory}/config.yaml`,
      FAIRLEAD_AGENT_TOKEN: `${tokenDirectory}/token`,
    },
  };
}

function installedMain(): string {
  const require = createRequire(import.meta.url);
  try {
    return require.resolve('@fairlead/agent-runtime/main');
  } catch (cause) {
    throw notThere('@fairlead/agent-runtime/main', cause);
  }
}

function notThere(main: string, cause?: unknown): FairleadError {
  return new FairleadError('internal', `the traffic-agent's program ${main} is not there`, {
    cause,
    hint: 'Build the packages first.',
  });
}
