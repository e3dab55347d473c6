import type { PlanOptions } from '@fairlead/core';
import { packageVersion } from './package-version.ts';

/** What a plan made without a cluster assumes: the names that `fairlead install` gives by default. */
export function offlinePlanOptions(agentImage?: string): PlanOptions {
  return {
    agentImage: agentImage ?? `fairlead/fairlead:${packageVersion}`,
    managerHost: 'fairlead-manager.fairlead',
    managerPort: 8081,
  };
}
