import type { WorkloadKind } from '@fairlead/core';
import type { ApiResource } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';

/** Where the workloads of each kind are. */
export const workloadResources: Readonly<Record<WorkloadKind, ApiResource>> = {
  Deployment: apiResources.deployments,
  ReplicaSet: apiResources.replicaSets,
  StatefulSet: apiResources.statefulSets,
};
