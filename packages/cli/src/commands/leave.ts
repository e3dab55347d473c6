import { FairleadError } from '@fairlead/core';
import { openView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';

/** `fairlead leave NAME`: ends an intercept, whoever holds it, as far as the cluster allows. */
export async function leave(context: CommandContext, name: string): Promise<number> {
  await using view = await openView(context.cluster(), context);
  const names = (await view.list(context)).map((record) => record.name);
  if (!names.includes(name)) {
    throw new FairleadError('not-found', `no intercept is called ${name} in namespace ${view.namespace}`, {
      candidates: names,
    });
  }
  await view.leave(name, context);
  printDocument(context.terminal, context.format, { left: name }, () => `left ${name}\n`);
  return 0;
}
