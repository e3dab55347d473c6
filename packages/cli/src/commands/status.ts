import { FairleadError, type PreflightReport } from '@fairlead/core';
import { openView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { exitStatus } from '../output/exit-status.ts';
import { printDocument } from '../output/print-document.ts';

/** What `fairlead status` prints. */
interface StatusDocument extends PreflightReport {
  readonly cluster: string;
  readonly namespace: string;
  /** Null: they may not be looked at. */
  readonly workloads: number | null;
  readonly intercepts: number | null;
  readonly active: number | null;
}

/**
 * `fairlead status`: whether an intercept could work, everything that stands in the way of it with its remedy, and how much
 * is going on. Exit status 4 when something stands in the way.
 */
export async function status(context: CommandContext): Promise<number> {
  const cluster = context.cluster();
  await using view = await openView(cluster, context);
  const report = await view.preflight(context);
  const records = await perhaps(view.list(context));
  const facts: StatusDocument = {
    cluster: cluster.name,
    namespace: view.namespace,
    ...report,
    workloads: (await perhaps(view.workloads(context)))?.length ?? null,
    intercepts: records?.length ?? null,
    active: records?.filter((record) => record.status.phase === 'active').length ?? null,
  };
  printDocument(context.terminal, context.format, facts, asText);
  return report.problems.length === 0 ? 0 : exitStatus.cluster;
}

/** What can be looked at. What cannot is among the problems already. */
async function perhaps<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof FairleadError && ['forbidden', 'unreachable', 'not-found'].includes(error.code))
      return undefined;
    throw error;
  }
}

function asText(facts: StatusDocument): string {
  const { cluster, serverVersion, namespace, workloads, intercepts, active, problems } = facts;
  return [
    `cluster     ${[cluster, serverVersion].filter(Boolean).join(' ')}`,
    `namespace   ${namespace}`,
    `workloads   ${workloads ?? '?'}`,
    `intercepts  ${intercepts === null ? '?' : `${intercepts}, ${active} active`}`,
    ...(problems.length === 0 ? ['', 'ready: nothing stands in the way of an intercept here'] : []),
    ...problems.flatMap(({ kind, message, remedy }) => ['', `✗ ${kind}: ${message}`, `  → ${remedy}`]),
    '',
  ].join('\n');
}
