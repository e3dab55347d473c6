import {
  formatMatch,
  formatWorkload,
  type InterceptRecord,
  planWorkloads,
  sameWorkload,
  type WorkloadKey,
  type WorkloadPlan,
} from '@fairlead/core';
import { openView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';
import { table } from '../output/table.ts';
import { offlinePlanOptions } from '../plan-options.ts';

/** A workload with what can be intercepted of it, and who does. */
interface ListedWorkload extends WorkloadKey {
  readonly ports: readonly { readonly service: string; readonly port: string; readonly container: string }[];
  /** Why it cannot be intercepted. */
  readonly problem: string | null;
  readonly intercepts: readonly ListedIntercept[];
}

interface ListedIntercept {
  readonly name: string;
  readonly mode: string;
  readonly phase: string;
  readonly match: string;
  readonly holder: string;
  readonly since: string;
}

/** `fairlead list`: the workloads that can be intercepted, and the intercepts that exist. */
export async function list(context: CommandContext): Promise<number> {
  await using view = await openView(context.cluster(), context);
  const [workloads, services, records] = await Promise.all([
    view.workloads(context),
    view.services(context),
    view.list(context),
  ]);
  const plans = planWorkloads(workloads, services, offlinePlanOptions());
  const listed = plans.map((plan) => listWorkload(plan, records));
  printDocument(context.terminal, context.format, { namespace: view.namespace, workloads: listed }, () =>
    asText(listed),
  );
  return 0;
}

function listWorkload({ workload, config, error }: WorkloadPlan, records: readonly InterceptRecord[]): ListedWorkload {
  const of = records.filter((record) => record.status.workload && sameWorkload(record.status.workload, workload));
  return {
    ...workload,
    ports: (config?.containers ?? []).flatMap((container) =>
      container.intercepts.map((connection) => ({
        service: connection.serviceName,
        port: connection.servicePortName || String(connection.servicePort),
        container: container.name,
      })),
    ),
    problem: error?.message ?? null,
    intercepts: of.map(({ name, spec, status, session, requester }) => ({
      name,
      mode: spec.mode,
      phase: status.phase,
      match: spec.match ? formatMatch(spec.match) : 'all traffic',
      holder: requester ? `${requester.user} (${session.label})` : session.label,
      since: status.since,
    })),
  };
}

function asText(workloads: readonly ListedWorkload[]): string {
  if (workloads.length === 0) return 'no workload here can be intercepted\n';
  const rows = workloads.flatMap((workload) => {
    const ports = workload.problem ?? workload.ports.map(({ service, port }) => `${service}:${port}`).join(', ');
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
