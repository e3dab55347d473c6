import {
  type CallOptions,
  type InterceptPreview,
  type Match,
  type Mechanism,
  mechanismOf,
  planIntercept,
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
export interface DryRun extends InterceptPreview {
  /** `http` with a match, `tcp` without. */
  readonly mechanism: Mechanism;
}

/** Computes what an intercept would do, reading only. Fails as the intercept would before it begins. */
export async function dryRun(request: PlanRequest, namespace: string, ports: SessionPorts): Promise<DryRun> {
  const { match, signal } = request;
  signal?.throwIfAborted();
  const spec = {
    workload: parseWorkloadReference(request.workload, namespace),
    ports: parseSelectors(request),
    ...(match !== undefined && { match }),
  };
  return { ...(await planIntercept(ports, spec, signal && { signal })), mechanism: mechanismOf(spec) };
}
