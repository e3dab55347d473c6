import { formatWorkload } from '@fairlead/core';
import { connect, parseWorkloadReference } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';

/**
 * `fairlead uninstall --agent WORKLOAD…`: takes the agents of workloads away, one after the other. The first that stays,
 * because somebody intercepts it, ends the command.
 */
export async function removeAgents(
  context: CommandContext,
  workloads: readonly string[],
  timeoutMs: number | undefined,
): Promise<number> {
  const { progress, signal, terminal, format } = context;
  progress.step('connecting');
  await using session = await connect(context.cluster(), context);
  const removed: string[] = [];
  for (const workload of workloads) {
    const name = formatWorkload(parseWorkloadReference(workload, session.namespace));
    progress.step(`removing the agent of ${name}`);
    await session.removeAgent(workload, {
      signal,
      timeoutMs,
      onProgress: (done, total) => progress.step(`removing the agent of ${name}: pods replaced ${done}/${total}`),
    });
    removed.push(name);
    progress.done(`${name} has no agent any more`);
  }
  printDocument(terminal, format, { namespace: session.namespace, removed }, () => '');
  return 0;
}
