import {
  type AgentConfigStore,
  type CallOptions,
  type Clock,
  entryName,
  FairleadError,
  formatWorkload,
  type InterceptRegistry,
  type Logger,
  podsToReplace,
  type Rollout,
  type Workload,
  type WorkloadResolver,
} from '@fairlead/core';
import { inParallel } from './in-parallel.ts';
import type { AgentPod, InstalledState } from './installed-state.ts';

/** What {@link uninstall} works with. */
export interface UninstallParts {
  readonly state: Pick<InstalledState, 'configNamespaces' | 'intercepts' | 'agentPods'>;
  /** Has the API server ask about pods no more. */
  readonly stopInjecting: (options: CallOptions) => Promise<void>;
  /** Ends the control planes: what they would do now is done here. */
  readonly stopControl: () => Promise<void>;
  readonly registry: Pick<InterceptRegistry, 'delete'>;
  readonly store: Pick<AgentConfigStore, 'list' | 'delete'>;
  /** Deletes what is left of a map of agent configs in which nothing is the user's. */
  readonly deleteConfigs: (namespace: string, options: CallOptions) => Promise<void>;
  readonly resolver: Pick<WorkloadResolver, 'ownerOf' | 'pods'>;
  readonly rollout: Rollout;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** So many workloads at a time. */
const width = 4;
/** The API server may go on asking for a moment, so there may be pods to replace once more. */
const maxRounds = 4;
const pauseMs = 1_000;

/**
 * Takes away what Fairlead made outside its own namespace: intercepts, agent configs, and the agents in pods, which are
 * replaced one by one without a loss. What is marked manual is the user's and stays. Can be repeated. Fails with
 * `rollout-failed`, naming the workloads whose pods could not be replaced.
 */
export async function uninstall(parts: UninstallParts, options: CallOptions = {}): Promise<void> {
  await parts.stopInjecting(options);
  await parts.stopControl();
  const intercepts = await parts.state.intercepts(options);
  await Promise.all(intercepts.map(({ namespace, name }) => parts.registry.delete(namespace, name, options)));
  const namespaces = await parts.state.configNamespaces(options);
  for (const namespace of namespaces) await deleteConfigs(namespace, parts, options);
  parts.logger.info(
    { intercepts: intercepts.length, namespaces: namespaces.length },
    'intercepts and configs are gone',
  );
  await removeAgents(parts, options);
}

async function deleteConfigs(namespace: string, parts: UninstallParts, options: CallOptions): Promise<void> {
  const entries = await parts.store.list(namespace, options);
  if (entries.every(({ config }) => !config.manual)) return await parts.deleteConfigs(namespace, options);
  for (const { key, config } of entries) if (!config.manual) await parts.store.delete(key, undefined, options);
}

async function removeAgents(parts: UninstallParts, options: CallOptions): Promise<void> {
  let problems: readonly string[] = [];
  for (let round = 1; round <= maxRounds; round++) {
    const pods = await parts.state.agentPods(options);
    if (pods.length === 0) return;
    const workloads = await workloadsOf(pods, parts, options);
    if (workloads.length === 0) return;
    parts.logger.info({ round, pods: pods.length, workloads: workloads.length }, 'agents are taken out of pods');
    const failures = await inParallel(workloads, width, options.signal, (one) => removeAgent(one, parts, options));
    problems = failures.map(({ item, error }) => `${nameOf(item)}: ${FairleadError.from(error).message}`);
    await parts.clock.sleep(pauseMs, options);
  }
  const left = await parts.state.agentPods(options);
  if (left.length === 0) return;
  const names = left.slice(0, 10).map(({ namespace, name }) => `${namespace}/${name}`);
  throw new FairleadError(
    'rollout-failed',
    `${left.length} pods still have a traffic-agent: ${[...names, ...problems].join('; ')}`,
  );
}

/** Each workload once. A pod that nobody owns can be replaced by nobody, and goes with whoever made it. */
async function workloadsOf(
  pods: readonly AgentPod[],
  { resolver, logger }: UninstallParts,
  options: CallOptions,
): Promise<readonly Workload[]> {
  const workloads = new Map<string, Workload>();
  for (const pod of pods) {
    const owner = await resolver.ownerOf(pod, options);
    if (owner) workloads.set(nameOf(owner), owner);
    else logger.warn({ ...pod }, 'pod with a traffic-agent has no workload');
  }
  return [...workloads.values()];
}

async function removeAgent(workload: Workload, parts: UninstallParts, options: CallOptions): Promise<void> {
  const { strategy, reason } = parts.rollout.strategyFor(workload);
  if (strategy === 'none') {
    throw new FairleadError('rollout-failed', `pods of ${formatWorkload(workload)} are not to be replaced: ${reason}`);
  }
  const pods = await parts.resolver.pods(workload, options);
  await parts.rollout.replace(workload, podsToReplace(undefined, pods), options);
}

function nameOf(workload: Workload): string {
  return `${workload.namespace}/${entryName(workload)}`;
}
