import type { SerializedError } from '../errors.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { Service } from '../model/service.ts';
import { compareWorkloads, type Workload, type WorkloadKey } from '../model/workload.ts';
import { readAnnotation } from './annotations.ts';
import { readInjectionWish } from './injection-wish.ts';
import { planAgentConfig } from './plan-agent-config.ts';
import type { PlanOptions } from './plan-options.ts';
import type { PlanWarning } from './plan-warning.ts';
import { isRefusal } from './refusal.ts';
import { ServiceIndex } from './service-index.ts';
import { servicesOf } from './services-of.ts';

/** A workload with its plan, or with the reason why it has none: exactly one of `config` and `error` is null. */
export interface WorkloadPlan {
  readonly workload: WorkloadKey;
  readonly config: AgentConfig | null;
  readonly warnings: readonly PlanWarning[];
  readonly error: Pick<SerializedError, 'code' | 'message'> | null;
}

/** The plan of one workload as data. */
export function planWorkload(workload: Workload, services: readonly Service[], options: PlanOptions): WorkloadPlan {
  const { kind, namespace, name } = workload;
  const result = planAgentConfig(workload, services, options);
  return {
    workload: { kind, namespace, name },
    config: result.ok ? result.config : null,
    warnings: result.warnings,
    error: result.ok ? null : { code: result.error.code, message: result.error.message },
  };
}

/**
 * The plans of every workload that is meant to be reached, sorted by namespace, name and kind. Left out are those that no
 * service selects and whose annotations do not ask for an agent: workers, of which an error would tell nothing.
 */
export function planWorkloads(
  workloads: readonly Workload[],
  services: readonly Service[],
  options: PlanOptions,
): readonly WorkloadPlan[] {
  const index = new ServiceIndex(services);
  return workloads
    .filter((workload) => servicesOf(workload, index.near(workload)).length > 0 || asksForAgent(workload))
    .sort(compareWorkloads)
    .map((workload) => planWorkload(workload, index.near(workload), options));
}

/** A wrong annotation asks too: its author should hear of it. */
function asksForAgent({ template }: Workload): boolean {
  const annotations = template.metadata?.annotations;
  const wish = readInjectionWish(annotations);
  if (isRefusal(wish) || wish.kind === 'enabled' || wish.kind === 'manual') return true;
  return readAnnotation(annotations, 'inject-service-name', 'inject-container-ports') !== undefined;
}
