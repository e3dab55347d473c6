import { createSystemClock } from '@fairlead/core';
import { JsonLineLogger } from './settings/json-line-logger.ts';
import { readAgentSettings } from './settings/read-settings.ts';
import { startAgent } from './start-agent.ts';

/**
 * The sidecar's process. SIGTERM or SIGINT ends it in order, with 0; a second one cuts what is still open. It exits with
 * 1 when it cannot start or something in itself is wrong.
 */
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
  let ending: Promise<void> | undefined;
  const end = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, ending ? 'cutting' : 'draining');
    if (ending) void agent[Symbol.asyncDispose]();
    ending ??= agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'the traffic-agent did not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

await main();
