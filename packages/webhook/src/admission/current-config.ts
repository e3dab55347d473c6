import {
  type AgentConfig,
  agentConfigSchemaVersion,
  FairleadError,
  formatWorkload,
  isCurrent,
  mergeUnknownFields,
  planAgentConfig,
  type StoredConfig,
  settingsOf,
  type Workload,
} from '@fairlead/core';
import { originalTemplate } from '../original-template.ts';
import { errorOf } from './error-of.ts';
import type { PodAdmissionParts } from './pod-admission-parts.ts';

/** What a pod's config is made from. */
export interface ConfigRequest {
  readonly workload: Workload;
  /** The workload's entry; undefined: there is none. */
  readonly entry: StoredConfig | undefined;
  /** An annotation asks for the agent, so a missing entry is made. */
  readonly isAsked: boolean;
  /** Nothing is written. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** The config that a pod is to get. */
export interface CurrentConfig {
  readonly config: AgentConfig;
  /** Why it may not be up to date. */
  readonly problem?: FairleadError;
}

const maxAttempts = 5;

/**
 * The config that a pod of the workload gets: always the one that is stored, since that is what its volume will mount. It
 * is brought up to date first. Where that cannot be done, the entry is taken as it is: the control plane holds pods against
 * its hash, and one without it would be replaced for ever. Undefined when nobody wants it any more.
 *
 * Plans from the workload's template and with the entry's settings, as the control plane does. What other admissions have
 * put into the pod (a token's mount, a mesh) is not in the template; planned from the pod, every admission would undo what
 * the control plane has stored.
 *
 * Fails with the plan's code, or the store's, where there is no entry.
 */
export async function currentConfig(
  request: ConfigRequest,
  parts: PodAdmissionParts,
): Promise<CurrentConfig | undefined> {
  const { workload, isAsked, signal } = request;
  let { entry } = request;
  for (let attempt = 1; ; attempt++) {
    if (!entry && !isAsked) return undefined;
    try {
      return { config: await upToDate({ ...request, entry }, parts) };
    } catch (thrown) {
      const problem = errorOf(thrown);
      const isStale = problem.code === 'stale-write';
      if (!isStale || attempt === maxAttempts) {
        if (!entry || signal.aborted) throw problem;
        return { config: entry.config, problem };
      }
    }
    entry = await parts.store.read(workload, { signal });
  }
}

async function upToDate(request: ConfigRequest, parts: PodAdmissionParts): Promise<AgentConfig> {
  const { workload, entry, dryRun, signal } = request;
  if (entry?.config.manual) return entry.config;
  const planned = await plan(request, parts);
  if (entry && isCurrent(entry.config, planned)) return entry.config;
  const config = entry ? mergeUnknownFields(entry.config, planned) : planned;
  if (dryRun) return config;
  return (await parts.store.write(workload, config, entry?.revision, { signal })).config;
}

async function plan(request: ConfigRequest, parts: PodAdmissionParts): Promise<AgentConfig> {
  const { workload, entry, signal } = request;
  if (entry && entry.config.schemaVersion > agentConfigSchemaVersion) throw newerEntry(workload);
  const services = await parts.services(workload.namespace, { signal });
  const template = originalTemplate(workload.template);
  const settings = entry ? settingsOf(entry.config) : { agentImage: await parts.agentImages.preferred({ signal }) };
  const result = planAgentConfig({ ...workload, template }, services, { ...parts.planning, ...settings });
  if (!result.ok) throw result.error;
  return result.config;
}

function newerEntry(workload: Workload): FairleadError {
  const message = `the agent config of ${formatWorkload(workload)} was written by a newer version`;
  return new FairleadError('version-skew', message, { phase: 'plan' });
}
