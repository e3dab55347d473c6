import { FairleadError, type InterceptRecord } from '@fairlead/core';
import { type ClusterView, openView, sessionOwner } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';

interface LeaveCommandOptions {
  readonly all?: boolean;
}

/** `fairlead leave NAME…`: ends intercepts, whoever holds them, as far as the cluster allows. `--all`: those of this user. */
export async function leave(
  context: CommandContext,
  names: readonly string[],
  { all = false }: LeaveCommandOptions,
): Promise<number> {
  if (all === names.length > 0) {
    throw new FairleadError('bad-request', all ? '--all and names exclude each other' : 'which intercept is meant?', {
      phase: 'input',
      hint: 'Name it as `fairlead list` shows it, or say --all for every one of yours.',
    });
  }
  await using view = await openView(context.cluster(), context);
  const records = await view.list(context);
  if (all) return await leaveAll(context, view, records);
  const unknown = names.find((name) => !records.some((record) => record.name === name));
  if (unknown !== undefined) throw notFound(unknown, view.namespace, records);
  for (const name of names) await view.leave(name, context);
  const document = names.length === 1 ? { left: names[0] } : { left: names };
  printDocument(context.terminal, context.format, document, () => names.map((name) => `left ${name}\n`).join(''));
  return 0;
}

/** Whose an intercept is stands in its session's label: a name in the cluster may be shared by many people. */
async function leaveAll(
  { terminal, format, signal }: CommandContext,
  view: ClusterView,
  records: readonly InterceptRecord[],
): Promise<number> {
  const owner = sessionOwner();
  const own = records.filter(({ session }) => session.label === owner || session.label.startsWith(`${owner},`));
  const left: string[] = [];
  for (const { name } of own) {
    await view.leave(name, { signal });
    left.push(name);
  }
  printDocument(terminal, format, { left, owner, namespace: view.namespace }, () =>
    left.length === 0
      ? `nothing to leave: ${owner} has no intercept in namespace ${view.namespace}\n`
      : left.map((name) => `left ${name}\n`).join(''),
  );
  return 0;
}

function notFound(name: string, namespace: string, records: readonly InterceptRecord[]): FairleadError {
  return new FairleadError('not-found', `no intercept is called ${name} in namespace ${namespace}`, {
    hint:
      records.length === 0
        ? 'There is none in this namespace. Look into another one with -n.'
        : 'Name one of those that are listed.',
    candidates: records.map((record) => record.name),
  });
}
