import { JsonLineLogger } from '@fairlead/agent-runtime';
import { hasIpv6 } from './has-ipv6.ts';
import { parseRedirectArguments } from './redirect-arguments.ts';
import { redirectPorts } from './redirect-ports.ts';
import { runProgram } from './run-program.ts';

/**
 * The init container of pods whose ports cannot be taken over by name: leads the traffic of container ports to the
 * traffic-agent. Run again, it leaves the same rules. Fails with `bad-request` or `unsupported`.
 */
export async function runAgentInit(args: readonly string[]): Promise<void> {
  const logger = new JsonLineLogger((line) => void process.stdout.write(line), 'info');
  const parts = { run: runProgram, logger };
  const wanted = parseRedirectArguments(args);
  await redirectPorts(wanted, 'ipv4', parts);
  if (await hasIpv6()) await redirectPorts(wanted, 'ipv6', parts);
  logger.info({ ...wanted }, 'ports are redirected');
}
