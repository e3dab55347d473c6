import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { FairleadError } from '@fairlead/core';
import { configDirectory } from '@fairlead/webhook';
import type { AgentLaunch } from '../cluster/agent-launch.ts';

/** How the traffic-agents of an embedded cluster are run. Fails with `internal` when the program is not there. */
export function agentProgram(main: string = installedMain()): AgentLaunch {
  if (!existsSync(main)) {
    throw new FairleadError('internal', `the traffic-agent's program ${main} is not there`, {
      hint: 'Build the packages first.',
    });
  }
  return {
    command: [process.execPath, main],
    environment: { FAIRLEAD_AGENT_CONFIG: path.posix.join(configDirectory, 'config.yaml') },
  };
}

function installedMain(): string {
  const description = createRequire(import.meta.url).resolve('@fairlead/agent-runtime/package.json');
  return path.join(path.dirname(description), 'dist', 'main.js');
}
