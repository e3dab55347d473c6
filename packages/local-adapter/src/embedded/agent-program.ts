import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { FairleadError } from '@fairlead/core';
import { configDirectory, podInfoDirectory, tokenDirectory } from '@fairlead/webhook';
import type { AgentLaunch } from '../cluster/agent-launch.ts';

/** How the traffic-agents of an embedded cluster are run. Fails with `internal` when the program is not there. */
export function agentProgram(main: string = installedMain()): AgentLaunch {
  if (!existsSync(main)) throw notThere(main);
  return {
    command: [process.execPath, main],
    environment: {
      FAIRLEAD_AGENT_CONFIG: `${configDirectory}/config.yaml`,
      FAIRLEAD_AGENT_TOKEN: `${tokenDirectory}/token`,
      FAIRLEAD_AGENT_ANNOTATIONS: `${podInfoDirectory}/annotations`,
    },
  };
}

/**
 * Compiled in any case: a process of its own cannot run the source that tests resolve `main` to. As one file it starts
 * four times as fast, so that is taken unless it is older than what it was made from.
 */
function installedMain(): string {
  const description = createRequire(import.meta.url).resolve('@fairlead/agent-runtime/package.json');
  const compiled = path.join(path.dirname(description), 'dist', 'main.js');
  const bundled = path.join(path.dirname(description), 'dist', 'agent.mjs');
  return madeAt(bundled) >= madeAt(compiled) ? bundled : compiled;
}

function madeAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function notThere(main: string): FairleadError {
  return new FairleadError('internal', `the traffic-agent's program ${main} is not there`, {
    hint: 'Build the packages first.',
  });
}
