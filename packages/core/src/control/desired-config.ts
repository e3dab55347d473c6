import { FairleadError } from '../errors.ts';
import { type AgentConfig, agentConfigSchemaVersion } from '../model/agent-config.ts';
import type { Service } from '../model/service.ts';
import { formatWorkload, type Workload } from '../model/workload.ts';
import { planAgentConfig } from '../planning/plan-agent-config.ts';
import type { PlanOptions } from '../planning/plan-options.ts';
import type { PlanWarning } from '../planning/plan-warning.ts';

/** A config that should be in the store, or is there by hand; or why there is none. */
export type DesiredConfig =
  | { readonly ok: true; readonly config: AgentConfig; readonly warnings: readonly PlanWarning[] }
  | { readonly ok: false; readonly error: FairleadError };

/**
 * The config that the workload should have, seen what is stored: a manual entry as it is, else the plan. Fails with the
 * codes of planning, with `manual-config` when the pods bring an agent by hand that no entry describes, and with
 * `version-skew` when a newer version wrote the entry.
 */
export function desiredConfig(
  workload: Workload,
  services: readonly Service[],
  stored: AgentConfig | undefined,
  options: PlanOptions,
): DesiredConfig {
  if (stored?.manual) return { ok: true, config: stored, warnings: [] };
  const name = formatWorkload(workload);
  if (stored && stored.schemaVersion > agentConfigSchemaVersion) {
    const message = `the agent config of ${name} has schema version ${stored.schemaVersion}, this version writes ${agentConfigSchemaVersion}`;
    return { ok: false, error: new FairleadError('version-skew', message, { phase: 'plan' }) };
  }
  const planned = planAgentConfig(workload, services, options);
  if (!planned.ok) return { ok: false, error: planned.error };
  if (!planned.config.manual) return { ok: true, config: planned.config, warnings: planned.warnings };
  const message = `${name} is annotated as manually injected, but no manual agent config is stored for it`;
  const hint = 'Store the config of the agent that you have put in the pod template, or take the annotation away.';
  return { ok: false, error: new FairleadError('manual-config', message, { phase: 'plan', hint }) };
}

/** The settings with which an entry was made, so that planning anew changes nothing but what the cluster changed. */
export function settingsOf(config: AgentConfig): PlanOptions {
  const { agentImage, managerHost, managerPort, logLevel, variables } = config;
  return { agentImage, managerHost, managerPort, logLevel, variables };
}
