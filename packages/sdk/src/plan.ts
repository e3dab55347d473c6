import {
  type AgentConfig,
  type CallOptions,
  isCurrent,
  type Match,
  type Mechanism,
  mechanismOf,
  needsNetAdmin,
  type PlanOptions,
  type PlanWarning,
  parseMatch,
  planAgentConfig,
  podsToReplace,
  type SelectedConnection,
  selectAll,
  type WorkloadKey,
} from '@fairlead/core';
import type { PortOptions } from './intercept-options.ts';
import { parseSelectors } from './parse-intercept.ts';
import type { SessionPorts } from './session-ports.ts';
import { parseWorkloadReference, type WorkloadReference } from './workload-reference.ts';

/** What a dry run is asked for: what an intercept would be asked for. */
export interface PlanRequest extends CallOptions {
  readonly workload: WorkloadReference;
  readonly port?: string | number | undefined;
  readonly ports?: readonly (string | number | PortOptions)[] | undefined;
  readonly service?: string | undefined;
  readonly container?: string | undefined;
  readonly match?: Match | undefined;
}

/** What an intercept would do. Nothing of it was done. */
export interface DryRun {
  /** The workload that is meant. */
  readonly workload: WorkloadKey;
  /** The config that its agents would run with. */
  readonly config: AgentConfig;
  /** The connections that would be intercepted. */
  readonly connections: readonly SelectedConnection[];
  /** `http` with a match, `tcp` without. */
  readonly mechanism: Mechanism;
  /** What was left out of the config, and why. */
  readonly warnings: readonly PlanWarning[];
  /** Whether the config is stored already. */
  readonly isStored: boolean;
  /** The pods that would be replaced, by name. Empty: no rollout. */
  readonly podsToReplace: readonly string[];
  /** Whether an init container would need the capability NET_ADMIN. */
  readonly needsNetAdmin: boolean;
}

/** Where agents look for their manager when no config says it: the names that `fairlead install` gives by default. */
const managerDefaults = { managerHost: 'fairlead-manager.fairlead', managerPort: 8081 };

/**
 * Computes what an intercept would do, reading only. Fails with `bad-request`, `bad-match`, `workload-not-found`,
 * `ambiguous-workload`, `ambiguous-port`, `no-such-port`, or for a workload that cannot be intercepted with the
 * planner's reason.
 */
export async function planIntercept(request: PlanRequest, namespace: string, ports: SessionPorts): Promise<DryRun> {
  const options: CallOptions = request.signal ? { signal: request.signal } : {};
  options.signal?.throwIfAborted();
  const ref = parseWorkloadReference(request.workload, namespace);
  const selectors = parseSelectors(request);
  const match = request.match === undefined ? undefined : parseMatch(request.match);
  const workload = await ports.workloadResolver.find(ref, options);
  const [services, stored, pods] = await Promise.all([
    ports.workloadResolver.services(workload.namespace, options),
    ports.agentConfigStore.read(workload, options),
    ports.workloadResolver.pods(workload, options),
  ]);
  const plan = planAgentConfig(workload, services, await planOptions(stored?.config, ports, options));
  if (!plan.ok) throw plan.error;
  const isStored = stored !== undefined && isCurrent(stored.config, plan.config);
  const config = isStored ? stored.config : plan.config;
  const selection = selectAll(config, selectors);
  if (!selection.ok) throw selection.error;
  const { kind, name } = workload;
  return {
    workload: { namespace: workload.namespace, kind, name },
    config,
    connections: selection.connections,
    mechanism: mechanismOf(match ? { match } : {}),
    warnings: plan.warnings,
    isStored,
    podsToReplace: config.manual ? [] : podsToReplace(config.hash, pods).map((pod) => pod.name),
    needsNetAdmin: needsNetAdmin(config),
  };
}

/** What the control plane would plan with, as far as can be seen from here: the last plan that it stored. */
async function planOptions(
  stored: AgentConfig | undefined,
  ports: SessionPorts,
  options: CallOptions,
): Promise<PlanOptions> {
  const agentImage = await ports.agentImageSource.preferred(options);
  if (!stored) return { agentImage, ...managerDefaults };
  const { managerHost, managerPort, logLevel } = stored;
  return { agentImage, managerHost, managerPort, logLevel };
}
