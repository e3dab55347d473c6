import type { AgentConfig } from '../model/agent-config.ts';
import type { PlanOptions } from '../planning/plan-options.ts';
import type { ControlContext } from './control-context.ts';
import { settingsOf } from './desired-config.ts';

/** What a preparation plans with. Where the preferred image is not to be learned, that of the stored config will do. */
export async function preferredSettings(
  { ports, calls, options }: ControlContext,
  stored: AgentConfig | undefined,
  signal: AbortSignal,
): Promise<PlanOptions> {
  const preferred = calls.make('learn the preferred agent image', signal, (limited) =>
    ports.agentImageSource.preferred({ signal: limited }),
  );
  const agentImage = await preferred.catch((error: unknown) => {
    if (stored === undefined || signal.aborted) throw error;
    return stored.agentImage;
  });
  const { managerHost, managerPort, logLevel, variables } = options;
  const level = logLevel !== undefined && { logLevel };
  return { agentImage, managerHost, managerPort, ...level, variables, ...portBase(options) };
}

/** What a config that only follows the cluster is planned with: all as it was. A newer image is no reason for a rollout. */
export function unchangedSettings({ options }: ControlContext, stored: AgentConfig): PlanOptions {
  return { ...settingsOf(stored), ...portBase(options) };
}

function portBase({ agentPortBase }: ControlContext['options']): Pick<PlanOptions, 'agentPortBase'> {
  return agentPortBase === undefined ? {} : { agentPortBase };
}
