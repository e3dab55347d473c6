import {
  formatMatch,
  formatWorkload,
  type InterceptRecord,
  planWorkloads,
  type Service,
  sameWorkload,
  type TransportProtocol,
  type Workload,
  type WorkloadKey,
  type WorkloadPlan,
} from '@fairlead/core';
import { table } from '../output/table.ts';
import { offlinePlanOptions } from '../plan-options.ts';

/** A workload with what can be intercepted of it, and who does. */
export interface ListedWorkload extends WorkloadKey {
  readonly ports: readonly ListedPort[];
  /** Why it cannot be intercepted. */
  readonly problem: string | null;
  readonly intercepts: readonly ListedIntercept[];
}

/** A service port that can be intercepted. */
interface ListedPort {
  readonly service: string;
  readonly port: string;
  readonly protocol: TransportProtocol;
  readonly container: string;
}

/** An intercept as it is listed. */
export interface ListedIntercept {
  readonly name: string;
  readonly mode: string;
  readonly phase: string;
  readonly match: string;
  readonly holder: string;
  readonly since: string;
}

/** Every workload that might be intercepted, with the intercepts that it has. */
export function listWorkloads(
  workloads: readonly Workload[],
  services: readonly Service[],
  records: readonly InterceptRecord[],
): readonly ListedWorkload[] {
  return planWorkloads(workloads, services, offlinePlanOptions()).map((plan) => listWorkload(plan, records));
}

function listWorkload({ workload, config, error }: WorkloadPlan, records: readonly InterceptRecord[]): ListedWorkload {
  const of = records.filter((record) => record.status.workload && sameWorkload(record.status.workload, workload));
  return {
    ...workload,
    ports: (config?.containers ?? []).flatMap((container) =>
      container.intercepts.map((connection) => ({
        service: connection.serviceName,
        port: connection.servicePortName || String(connection.servicePort),
        protocol: connection.protocol,
        container: container.name,
      })),
    ),
    problem: error?.message ?? null,
    intercepts: of.map(listIntercept),
  };
}

/** An intercept in words. */
export function listIntercept({ name, spec, status, session, requester }: InterceptRecord): ListedIntercept {
  return {
    name,
    mode: spec.mode,
    phase: status.phase,
    match: spec.match ? formatMatch(spec.match) : 'all traffic',
    holder: requester ? `${requester.user} (${session.label})` : session.label,
    since: status.since,
  };
}

/** The workloads as a table for people. */
export function tableOfWorkloads(workloads: readonly ListedWorkload[]): string {
  if (workloads.length === 0) return 'no workload here can be intercepted\n';
  const rows = workloads.flatMap((workload) => {
    const ports = workload.problem ?? workload.ports.map(formatPort).join(', ');
    const first = [formatWorkload(workload), ports];
    if (workload.intercepts.length === 0) return [[...first, '–', '', '', '']];
    return workload.intercepts.map((each, index) => [
      ...(index === 0 ? first : ['', '']),
      each.name,
      each.phase,
      each.match,
      each.holder,
    ]);
  });
  return table(['WORKLOAD', 'PORTS', 'INTERCEPT', 'PHASE', 'TRAFFIC', 'HOLDER'], rows);
}

/** UDP is said, TCP understood. */
function formatPort({ service, port, protocol }: ListedPort): string {
  return `${service}:${port}${protocol === 'UDP' ? '/UDP' : ''}`;
}
