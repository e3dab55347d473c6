import {
  type AgentConfig,
  type AgentConfigStore,
  type AgentImageSource,
  agentConfigSchemaVersion,
  type CallOptions,
  entryName,
  FairleadError,
  isCurrent,
  type Logger,
  mergeUnknownFields,
  type PlanOptions,
  planAgentConfig,
  podsToReplace,
  type Rollout,
  type StoredConfig,
  type WorkloadResolver,
} from '@fairlead/core';
import { inParallel } from './in-parallel.ts';
import type { InstalledState } from './installed-state.ts';

/** What {@link upgrade} works with. */
export interface UpgradeParts {
  readonly state: Pick<InstalledState, 'configNamespaces'>;
  readonly store: Pick<AgentConfigStore, 'list' | 'write'>;
  readonly resolver: Pick<WorkloadResolver, 'find' | 'services' | 'pods'>;
  readonly rollout: Pick<Rollout, 'replace'>;
  readonly agentImages: AgentImageSource;
  /** What this version plans with, besides the image. */
  readonly planning: Omit<PlanOptions, 'agentImage'>;
  readonly logger: Logger;
}

const width = 4;

/**
 * Brings agent configs that were made by an older version, or with other settings, up to date, and has exactly the pods
 * replaced that differ then. Manual entries, and those of workloads that are gone or cannot be planned, are left alone. Can
 * be repeated. Fails with `rollout-failed`, naming the workloads that are not up to date; the others are.
 */
export async function upgrade(parts: UpgradeParts, options: CallOptions = {}): Promise<void> {
  const agentImage = await parts.agentImages.preferred(options);
  const settings = { ...parts.planning, agentImage };
  const namespaces = await parts.state.configNamespaces(options);
  const lists = await Promise.all(namespaces.map((namespace) => parts.store.list(namespace, options)));
  const entries = lists
    .flat()
    .filter(({ config }) => !config.manual && config.schemaVersion <= agentConfigSchemaVersion);
  const failures = await inParallel(entries, width, options.signal, (entry) => renew(entry, settings, parts, options));
  if (failures.length === 0) return;
  const problems = failures.map(({ item, error }) => `${nameOf(item)}: ${FairleadError.from(error).message}`);
  throw new FairleadError('rollout-failed', `${failures.length} workloads are not up to date: ${problems.join('; ')}`);
}

async function renew(
  entry: StoredConfig,
  settings: PlanOptions,
  parts: UpgradeParts,
  options: CallOptions,
): Promise<void> {
  const { key, config: present, revision } = entry;
  const config = await plan(entry, settings, parts, options);
  if (!config || isCurrent(present, config)) return;
  parts.logger.info({ workload: nameOf(entry), before: present.hash, after: config.hash }, 'agent config is renewed');
  const stored = await parts.store.write(key, mergeUnknownFields(present, config), revision, options);
  const [workload, pods] = await Promise.all([parts.resolver.find(key, options), parts.resolver.pods(key, options)]);
  await parts.rollout.replace(workload, podsToReplace(stored.config.hash, pods), options);
}

/** Undefined: there is nothing to be done, and the log says why. */
async function plan(
  entry: StoredConfig,
  settings: PlanOptions,
  { resolver, logger }: UpgradeParts,
  options: CallOptions,
): Promise<AgentConfig | undefined> {
  const { key } = entry;
  try {
    const [workload, services] = await Promise.all([
      resolver.find(key, options),
      resolver.services(key.namespace, options),
    ]);
    const result = planAgentConfig(workload, services, settings);
    if (result.ok && !result.config.manual) return result.config;
    if (!result.ok)
      logger.warn({ workload: nameOf(entry), reason: result.error.message }, 'agent config is left as it is');
    return undefined;
  } catch (error) {
    if (error instanceof FairleadError && error.code === 'workload-not-found') return undefined;
    throw error;
  }
}

function nameOf({ key }: StoredConfig): string {
  return `${key.namespace}/${entryName(key)}`;
}
