import { FairleadError, formatWorkload, planWorkload, planWorkloads, type WorkloadPlan } from '@fairlead/core';
import { openView, parseWorkloadReference } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { manifestsFromArguments } from '../manifest-arguments.ts';
import { exitStatus } from '../output/exit-status.ts';
import { printDocument } from '../output/print-document.ts';
import { table } from '../output/table.ts';
import { offlinePlanOptions } from '../plan-options.ts';

interface PlanCommandOptions {
  readonly filename?: readonly string[];
  readonly agentImage?: string;
}

/** `fairlead plan`: the agent configs that workloads would get. Exit status 2 when a named workload has no plan. */
export async function plan(
  context: CommandContext,
  workload: string | undefined,
  options: PlanCommandOptions,
): Promise<number> {
  const plans = options.filename
    ? await planManifests(context, workload, { ...options, filename: options.filename })
    : await planCluster(context, workload, options);
  printDocument(context.terminal, context.format, { plans }, () => asText(plans));
  return workload !== undefined && plans.every((each) => each.config === null) ? exitStatus.user : 0;
}

async function planManifests(
  context: CommandContext,
  workload: string | undefined,
  options: PlanCommandOptions & { readonly filename: readonly string[] },
): Promise<readonly WorkloadPlan[]> {
  const wanted = workload === undefined ? undefined : parseWorkloadReference(workload, 'default');
  const { workloads, services } = await manifestsFromArguments(options.filename, context);
  const planOptions = offlinePlanOptions(options.agentImage);
  if (!wanted) return planWorkloads(workloads, services, planOptions);
  const found = workloads.filter(
    (each) =>
      each.name === wanted.name &&
      (wanted.kind === undefined || each.kind === wanted.kind) &&
      (context.namespace === undefined || each.namespace === context.namespace),
  );
  const [first, ...others] = found;
  if (!first) {
    throw new FairleadError('workload-not-found', `no ${formatWorkload(wanted)} in the manifests`, {
      candidates: workloads.map(formatWorkload),
    });
  }
  if (others.length > 0) {
    throw new FairleadError('ambiguous-workload', `${found.length} workloads are called ${wanted.name}`, {
      candidates: found.map((each) => `${formatWorkload(each)} in namespace ${each.namespace}`),
    });
  }
  return [planWorkload(first, services, planOptions)];
}

async function planCluster(
  context: CommandContext,
  workload: string | undefined,
  options: PlanCommandOptions,
): Promise<readonly WorkloadPlan[]> {
  await using view = await openView(context.cluster(), context);
  const planOptions = offlinePlanOptions(options.agentImage);
  const services = await view.services(context);
  if (workload !== undefined) return [planWorkload(await view.workload(workload, context), services, planOptions)];
  return planWorkloads(await view.workloads(context), services, planOptions);
}

function asText(plans: readonly WorkloadPlan[]): string {
  const rows = plans.flatMap(({ workload, config, error, warnings }) => {
    const name = formatWorkload(workload);
    const connections = (config?.containers ?? []).flatMap((container) =>
      container.intercepts.map((connection) => [
        workload.namespace,
        name,
        `${connection.serviceName}:${connection.servicePortName || connection.servicePort}`,
        `${container.name}:${connection.containerPort}/${connection.protocol}`,
        String(connection.agentPort),
        connection.redirect === 'iptables' ? 'iptables (NET_ADMIN)' : 'rename',
      ]),
    );
    const remarks = [...warnings, ...(error ? [error] : [])].map((remark) => [
      workload.namespace,
      name,
      '',
      remark.message,
    ]);
    return [...connections, ...remarks];
  });
  return table(['NAMESPACE', 'WORKLOAD', 'SERVICE PORT', 'CONTAINER PORT', 'AGENT PORT', 'REDIRECT'], rows);
}
