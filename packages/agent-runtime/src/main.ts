import { createSystemClock } from '@fairlead/core';
import { JsonLineLogger } from './settings/json-line-logger.ts';
import { readAgentSettings } from './settings/read-settings.ts';
import { startAgent } from './start-agent.ts';

/** The sidecar's process: starts the agent, and ends it in order on SIGTERM. */
async function main(): Promise<void> {
  const write = (line: string): void => void process.stdout.write(line);
  process.on('uncaughtException', (error) => {
    new JsonLineLogger(write, 'error').error({ error }, 'the traffic-agent broke');
    process.exit(1);
  });
  const settings = await readAgentSettings(process.env);
  const logger = new JsonLineLogger(write, settings.config.logLevel);
  const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
  const agent = await startAgent(settings, { clock, logger });
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      logger.info({ signal: name }, 'draining');
      agent.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ error }, 'the traffic-agent did not stop in order');
          process.exit(1);
        },
      );
    });
  }
}

await main();
