import { FairleadError } from '../errors.ts';
import { parseMatch } from '../matching/parse-match.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { InterceptSpec, SelectedConnection } from '../model/intercept.ts';
import type { WorkloadKey } from '../model/workload.ts';
import { isCurrent } from '../planning/is-current.ts';
import { needsNetAdmin } from '../planning/needs-net-admin.ts';
import type { PlanOptions } from '../planning/plan-options.ts';
import type { PlanWarning } from '../planning/plan-warning.ts';
import { podsToReplace } from '../planning/pods-to-replace.ts';
import { selectAll } from '../planning/select-connections.ts';
import { unfitFor } from '../planning/unfit-traffic.ts';
import type { AgentConfigStore } from '../ports/agent-config-store.ts';
import type { AgentImageSource } from '../ports/agent-image-source.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Rollout, RolloutStrategy } from '../ports/rollout.ts';
import type { WorkloadResolver } from '../ports/workload-resolver.ts';
import { desiredConfig, settingsOf } from './desired-config.ts';

/** The ports that {@link planIntercept} reads through. */
export interface PlanInterceptPorts {
  readonly workloadResolver: WorkloadResolver;
  readonly agentConfigStore: AgentConfigStore;
  readonly agentImageSource: AgentImageSource;
  /** Absent: how pods would be replaced is not told. */
  readonly rollout?: Rollout | undefined;
}

/** Options of {@link planIntercept}. */
export interface PlanInterceptOptions extends CallOptions {
  /** Settings to plan with. Default: those of the stored config; without one what only the control plane knows is empty. */
  readonly settings?: Partial<PlanOptions>;
}

/** What an intercept would come to. */
export interface InterceptPreview {
  readonly workload: WorkloadKey;
  readonly connections: readonly SelectedConnection[];
  readonly config: AgentConfig;
  readonly warnings: readonly PlanWarning[];
  /** The pods need an init container with NET_ADMIN, for ports that are redirected by packet rules. */
  readonly needsNetAdmin: boolean;
  /** The stored config says the same: nothing would be written. */
  readonly isStored: boolean;
  /** The names of the pods that would be replaced. */
  readonly podsToReplace: readonly string[];
  readonly rollout?: { readonly strategy: RolloutStrategy; readonly reason: string };
}

/**
 * The dry run of an intercept: what would happen, from reading alone. Fails as the intercept itself would be refused,
 * but for conflicts and rights, which only the control plane judges.
 */
export async function planIntercept(
  ports: PlanInterceptPorts,
  spec: Pick<InterceptSpec, 'workload' | 'ports' | 'match'> & Partial<Pick<InterceptSpec, 'mode'>>,
  options: PlanInterceptOptions = {},
): Promise<InterceptPreview> {
  const { settings = {}, ...call } = options;
  if (spec.match) parseMatch(spec.match);
  const workload = await ports.workloadResolver.find(spec.workload, call);
  const { namespace, kind, name } = workload;
  const key = { namespace, kind, name };
  const [services, pods, stored] = await Promise.all([
    ports.workloadResolver.services(namespace, call),
    ports.workloadResolver.pods(key, call),
    ports.agentConfigStore.read(key, call),
  ]);
  const before = stored && settingsOf(stored.config);
  const agentImage = settings.agentImage ?? (await preferredImage(ports.agentImageSource, before?.agentImage, call));
  const known = { managerHost: '', managerPort: 0, ...before, ...settings, agentImage };
  const desired = desiredConfig(workload, services, stored?.config, known);
  if (!desired.ok) throw desired.error;
  const selection = selectAll(desired.config, spec.ports);
  if (!selection.ok) throw selection.error;
  const unfit = unfitFor(spec, selection.connections);
  if (unfit) throw unfit;
  const { config, warnings } = desired;
  const isStored = stored !== undefined && isCurrent(stored.config, config);
  const wantedHash = isStored ? stored.config.hash : config.hash;
  const outdated = config.manual ? [] : podsToReplace(wantedHash, pods);
  return {
    workload: key,
    connections: selection.connections,
    config,
    warnings,
    needsNetAdmin: needsNetAdmin(config),
    isStored,
    podsToReplace: outdated.map((pod) => pod.name),
    ...(ports.rollout && { rollout: ports.rollout.strategyFor(workload) }),
  };
}

async function preferredImage(
  source: AgentImageSource,
  stored: string | undefined,
  call: CallOptions,
): Promise<string> {
  try {
    return await source.preferred(call);
  } catch (error) {
    if (stored === undefined || !(error instanceof FairleadError)) throw error;
    return stored;
  }
}
