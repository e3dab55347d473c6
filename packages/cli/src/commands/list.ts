import { openView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';
import { watchList } from './list-watch.ts';
import { listWorkloads, tableOfWorkloads } from './listed-workloads.ts';

interface ListCommandOptions {
  readonly watch?: boolean;
}

/** `fairlead list`: the workloads that can be intercepted, and the intercepts that exist; with `--watch` as they change. */
export async function list(context: CommandContext, { watch = false }: ListCommandOptions): Promise<number> {
  await using view = await openView(context.cluster(), context);
  if (watch) return await watchList(context, view);
  const [workloads, services, records] = await Promise.all([
    view.workloads(context),
    view.services(context),
    view.list(context),
  ]);
  const listed = listWorkloads(workloads, services, records);
  printDocument(context.terminal, context.format, { namespace: view.namespace, workloads: listed }, () =>
    tableOfWorkloads(listed),
  );
  return 0;
}
