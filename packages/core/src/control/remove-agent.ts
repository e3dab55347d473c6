import { FairleadError } from '../errors.ts';
import type { InterceptRecord } from '../model/intercept.ts';
import { formatWorkload, sameWorkload, type WorkloadKey } from '../model/workload.ts';
import type { AgentConfigStore } from '../ports/agent-config-store.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { InterceptRegistry } from '../ports/intercept-registry.ts';

/** Options of {@link removeAgent}. */
export interface RemoveAgentOptions extends CallOptions {
  /** Also when intercepts need the agent; they end then. Default false. */
  readonly force?: boolean;
}

/**
 * Takes the agent of a workload away: deletes its config, whereupon the control plane replaces the pods by pods without
 * an agent. False: there was none. Fails with `manual-config` for an entry that is the user's, and with `conflict`,
 * naming the holder, while an intercept needs it.
 */
export async function removeAgent(
  ports: { readonly agentConfigStore: AgentConfigStore; readonly interceptRegistry: InterceptRegistry },
  workload: WorkloadKey,
  options: RemoveAgentOptions = {},
): Promise<boolean> {
  const { force = false, ...call } = options;
  const entry = await ports.agentConfigStore.read(workload, call);
  if (!entry) return false;
  const name = formatWorkload(workload);
  if (entry.config.manual) {
    const message = `the agent config of ${name} is marked manual, so its agent is not ours to remove`;
    throw new FairleadError('manual-config', message, { phase: 'store' });
  }
  if (!force) {
    const records = await ports.interceptRegistry.list(workload.namespace, call);
    const holder = records.find((record) => needsAgent(record, workload));
    if (holder) throw agentInUse(workload, holder);
  }
  await ports.agentConfigStore.delete(workload, entry.revision, call);
  return true;
}

function needsAgent({ status }: InterceptRecord, workload: WorkloadKey): boolean {
  const hasEnded = status.phase === 'released' || status.phase === 'refused' || status.phase === 'failed';
  return !hasEnded && status.workload !== undefined && sameWorkload(status.workload, workload);
}

/** Why an agent cannot go: this intercept needs it. */
export function agentInUse(workload: WorkloadKey, holder: InterceptRecord): FairleadError {
  const { name, requester, session, createdAt } = holder;
  const user = requester?.user ?? session.label;
  const message = `the traffic-agent of ${formatWorkload(workload)} is needed by intercept ${name} of ${user} since ${createdAt}`;
  return new FairleadError('conflict', message, {
    phase: 'store',
    holder: { intercept: name, user, session: session.label, since: createdAt },
    hint: `Ask ${user} to run \`fairlead leave ${name}\`, or wait until it ends.`,
  });
}
