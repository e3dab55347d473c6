import { FairleadError } from '../errors.ts';
import type { InterceptRecord } from '../model/intercept.ts';
import { formatWorkload, type WorkloadKey } from '../model/workload.ts';
import { checkRight } from './check-right.ts';
import type { ControlContext } from './control-context.ts';
import { agentInUse, removeAgent } from './remove-agent.ts';

/**
 * Takes the agent of a workload away because somebody asks for it who may intercept the workload. Fails with `forbidden`,
 * with `conflict` and the holder while an intercept needs the agent, with `manual-config`, and with `not-found` where there
 * is no agent. `holder` is an intercept that is known to need the agent, though the registry may not say so yet.
 */
export async function carryOutRemoval(
  record: InterceptRecord,
  key: WorkloadKey,
  { ports, calls }: ControlContext,
  holder: InterceptRecord | undefined,
  signal: AbortSignal,
): Promise<void> {
  await checkRight(record, { key, identityProvider: ports.identityProvider, calls, signal });
  if (holder) throw agentInUse(key, holder);
  const doing = `remove the agent of ${formatWorkload(key)}`;
  const wasThere = await calls.make(doing, signal, (limited) => removeAgent(ports, key, { signal: limited }));
  if (wasThere) return;
  throw new FairleadError('not-found', `${formatWorkload(key)} has no traffic-agent that could be removed`, {
    phase: 'plan',
    hint: 'Nothing is left to do: its pods run as their manifests say.',
  });
}
